import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createEmitter, type GuardEvents } from '../../src/kit/events.js'

const event = { issuer: 'https://verifier.example.org', cached: false }

describe('events', () => {
  test('reach the listener of their name alone', () => {
    const heard: unknown[] = []
    const emitter = createEmitter({ allowed: (one) => void heard.push(one) }, { warn: () => {} })
    emitter.emit('allowed', event)
    emitter.emit('keySetStale', { issuer: event.issuer, age: 1 })
    expect(heard).toEqual([event])
    expect([emitter.listens('allowed'), emitter.listens('keysChanged')]).toEqual([true, false])
  })

  test('reach the subscribers of their diagnostics channel', () => {
    const heard: unknown[] = []
    const listen = (message: unknown) => void heard.push(message)
    const emitter = createEmitter({}, { warn: () => {} })
    expect(emitter.listens('allowed')).toBe(false)
    subscribe('verifier-guard:allowed', listen)
    expect(emitter.listens('allowed')).toBe(true)
    emitter.emit('allowed', event)
    unsubscribe('verifier-guard:allowed', listen)
    emitter.emit('allowed', event)
    expect(heard).toEqual([event])
  })

  test('go on when a listener throws, which is reported without what it threw', () => {
    const warnings: string[] = []
    const fail = () => {
      throw new RangeError('secret')
    }
    const emitter = createEmitter(
      { denied: fail },
      { warn: (message) => void warnings.push(message) },
    )
    const denied = {
      code: 'token_missing',
      status: 401,
      check: 'token',
      expected: 'one',
      actual: 'none',
    } as const
    expect(() => emitter.emit('denied', denied)).not.toThrow()
    expect(warnings).toEqual(['a listener of the event "denied" threw RangeError; it should not'])
  })
})

describe('what a developer has to know is said once without a listener', () => {
  const denial = {
    status: 401,
    check: 'issuer',
    expected: '"iss" to be "a"',
    actual: '"b"',
    hint: 'mend it',
  } as const
  const refused = (code: GuardEvents['denied']['code']): GuardEvents['denied'] => ({
    ...denial,
    code,
    fingerprint: 'ABCDEFGHIJKLMNOP',
  })
  const failure = (issuer: string) => ({
    issuer,
    failures: 1,
    reason: 'unreachable' as const,
    message: 'expected an answer, got none',
    retryIn: 1,
  })
  const setUp = (listeners: Parameters<typeof createEmitter>[0] = {}) => {
    const warnings: string[] = []
    return {
      warnings,
      emitter: createEmitter(listeners, { warn: (message) => void warnings.push(message) }),
    }
  }

  test('for the first denial of each code that is a mistake of the developer, most likely', () => {
    const { warnings, emitter } = setUp()
    const codes = [
      'issuer_not_trusted',
      'audience_mismatch',
      'token_type_not_accepted',
      'key_unsuitable',
    ] as const
    for (const code of [
      ...codes,
      ...codes,
      'algorithm_not_allowed',
      'rule_failed',
      'token_not_yet_valid',
      'token_expired',
      'token_missing',
    ] as const) {
      if (emitter.listens('denied', code)) emitter.emit('denied', refused(code))
    }
    expect(warnings.length).toBe(7)
    expect(warnings[0]).toBe(
      'A request was refused with issuer_not_trusted: expected "iss" to be "a", found "b": mend it. ' +
        'The page docs/errors.md#issuer_not_trusted of the repository has its causes. ' +
        'This is said once; the event "denied" (option "events") reports every denial.',
    )
  })

  test('and then costs no event any more', () => {
    const { warnings, emitter } = setUp()
    expect(emitter.listens('denied', 'token_expired')).toBe(false)
    expect(emitter.listens('denied', 'audience_mismatch')).toBe(true)
    emitter.emit('denied', refused('token_expired'))
    expect(warnings).toEqual([])
    emitter.emit('denied', refused('audience_mismatch'))
    expect(emitter.listens('denied', 'audience_mismatch')).toBe(false)
    expect(emitter.listens('denied')).toBe(true)
    expect(emitter.listens('allowed')).toBe(false)
  })

  test('for the first failure to get the keys of each issuer, of ten at most', () => {
    const { warnings, emitter } = setUp()
    for (let index = 0; index < 40; index += 1)
      emitter.emit('keySetFailed', failure(`https://t${index % 20}.example.org`))
    expect(warnings.length).toBe(10)
    expect(warnings[0]).toMatch(
      /^The keys of https:\/\/t0\.example\.org could not be fetched: expected an answer, got none: check "issuer" and "jwksUri".*"keySetFailed"/,
    )
  })

  test('and not where a listener or a subscriber hears it', () => {
    const { warnings, emitter } = setUp({ denied: () => {} })
    emitter.emit('denied', refused('audience_mismatch'))
    const listen = () => {}
    subscribe('verifier-guard:keySetFailed', listen)
    emitter.emit('keySetFailed', failure('https://a.example.org'))
    unsubscribe('verifier-guard:keySetFailed', listen)
    expect(warnings).toEqual([])
    emitter.emit('keySetFailed', failure('https://a.example.org'))
    expect(warnings.length).toBe(1)
  })
})
