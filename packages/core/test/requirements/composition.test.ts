import { Denial } from '../../src/kit/errors.js'
import {
  allOf,
  anyOf,
  requiredRule,
  requiredScopes,
  type Requirement,
} from '../../src/requirements/index.js'
import { ask, callerWith, granted, invalid, refusalOf, refused } from '../fixtures/callers.js'

describe('allOf and anyOf', () => {
  const yes = requiredRule('yes', () => true)
  const no = requiredRule('no', () => false)
  const lateYes = requiredRule('late yes', () => Promise.resolve(true))
  const lateNo = requiredRule('late no', () => Promise.resolve(false))
  const all = [yes, no, lateYes, lateNo]
  const caller = callerWith({ scopes: ['a'] })
  const holds = async (requirement: Requirement) => {
    try {
      await ask(requirement, caller, undefined)
      return true
    } catch (error) {
      if (error instanceof Denial) return false
      throw error
    }
  }

  test('every combination of three, at once or later', async () => {
    for (const one of all)
      for (const two of all)
        for (const three of all) {
          const verdicts = [one, two, three].map((rule) => rule.name.endsWith('yes'))
          expect(await holds(allOf(one, two, three))).toBe(verdicts.every(Boolean))
          expect(await holds(anyOf(one, two, three))).toBe(verdicts.some(Boolean))
          expect(await holds(anyOf(allOf(one, two), three))).toBe(
            (verdicts[0]! && verdicts[1]!) || verdicts[2]!,
          )
        }
  })

  test('what can be decided at once is', () => {
    expect(ask(allOf(yes, anyOf(no, yes), yes), caller, undefined)).toBeUndefined()
    expect(() => ask(allOf(yes, no), caller, undefined)).toThrow(Denial)
  })

  test('nothing is asked after the matter is settled', async () => {
    const never = requiredRule('never', () => {
      throw new Error('asked')
    })
    expect((await refusalOf(allOf(lateNo, never), caller)).cause).toBeUndefined()
    await expect(ask(anyOf(lateYes, never), caller, undefined)).resolves.toBeUndefined()
  })

  test('an alternative that throws leaves the others their say', () => {
    const throws = requiredRule('throws', () => {
      throw new Error('broken')
    })
    expect(ask(anyOf(throws, yes), caller, undefined)).toBeUndefined()
  })

  test('the refusal names every alternative, and the challenge every scope', async () => {
    const denial = await refused(
      anyOf(requiredScopes('b'), requiredScopes('c d'), no),
      caller,
      'rule_unmet',
    )
    expect(denial.reason.expected).toBe('any of (scope "b"; all of the scopes "c", "d"; no)')
    expect(denial.challenge).toEqual({ scope: 'b c d' })
    expect((await refusalOf(anyOf(requiredScopes('b'), requiredScopes('c')), caller)).code).toBe(
      'scope_missing',
    )
    expect(
      (await refusalOf(allOf(requiredScopes('a'), requiredScopes('b')), caller)).challenge,
    ).toEqual({ scope: 'a b' })
  })

  test('a requirement written by hand grants with undefined alone', async () => {
    for (const answer of [
      null,
      true,
      {},
      { code: 'toString', reason: { expected: '' } },
      Promise.resolve(null),
    ])
      await refused({ name: 'own', check: (() => answer) as never }, caller, 'rule_unmet')
    granted({ name: 'own', check: () => undefined }, caller)
    const reason = { check: 'own', expected: 'x', actual: 'y' }
    const own = {
      name: 'own',
      check: () => ({ code: 'status_unavailable' as const, reason, retryAfter: 1_000 }),
    }
    expect((await refused(anyOf(no, own), caller, 'status_unavailable')).retryAfter).toBe(1_000)
  })

  test.each<[string, () => unknown]>([
    ['nothing', () => allOf()],
    ['no alternative', () => anyOf()],
    ['something else', () => allOf(undefined as never)],
    ['a function', () => anyOf((() => true) as never)],
  ])('refuses to be made of %s', (_, make) => {
    const error = invalid(make)
    expect(error.reason.hint).toContain('requiredScopes')
  })
})
