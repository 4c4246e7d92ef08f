import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createEmitter } from '../src/events.js'

const event = { issuer: 'https://verifier.example.org', cached: false }

describe('events', () => {
  test('reach the listener of their name alone', () => {
    const heard: unknown[] = []
    const emitter = createEmitter({ allowed: (one) => void heard.push(one) }, { warn: () => {} })
    emitter.emit('allowed', event)
    emitter.emit('keySetStale', { issuer: event.issuer, age: 1 })
    expect(heard).toEqual([event])
    expect([emitter.listens('allowed'), emitter.listens('denied')]).toEqual([true, false])
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

  test('go on when a listener throws, which is told without what it threw', () => {
    const warnings: string[] = []
    const fail = () => {
      throw new RangeError('secret')
    }
    const emitter = createEmitter({ denied: fail }, { warn: (message) => void warnings.push(message) })
    const denied = { code: 'token_missing', status: 401, check: 'token', expected: 'one', actual: 'none' } as const
    expect(() => emitter.emit('denied', denied)).not.toThrow()
    expect(warnings).toEqual(['a listener of the event "denied" threw RangeError; it should not'])
  })
})
