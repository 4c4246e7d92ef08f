import { authenticateEntry, findCaller, type Entry } from '../../src/adapters/callers.js'
import { ownEnd } from '../../src/adapters/exchanges.js'
import { createGuard } from '../../src/adapters/guard.js'
import type { Requirement } from '../../src/index.js'
import { mint, START, trust } from '../../../../test/dpop/api.js'
import { systemRuntime } from '../../src/kit/runtime.js'

/** A request with a good token or another, and the events that it leads to. */
function createRequest(authorization = `Bearer ${mint()}`) {
  const events: string[] = []
  const guard = createGuard({
    ...trust,
    runtime: { ...systemRuntime, now: () => START * 1_000 },
    events: { allowed: () => events.push('allowed'), denied: () => events.push('denied') },
  })
  const { ended, end } = ownEnd()
  const request = { headers: { authorization } }
  const entry: Entry = { guard, exchange: { request, key: request, ended } }
  return { entry, events, end }
}

const outcomeOf = (work: () => unknown) =>
  new Promise((resolve) => resolve(work())).then(
    () => 'accepted',
    (error: unknown) => error,
  )

describe('exactly one event for a request that is decided on, and none where a guard failed', () => {
  test('a caller that is handed on is allowed', async () => {
    const { entry, events, end } = createRequest()
    expect(await outcomeOf(() => authenticateEntry(entry))).toBe('accepted')
    end()
    expect(events).toEqual(['allowed'])
    expect(findCaller(entry)).toMatchObject({ subject: 'shop' })
  })

  test('a framework that does not take the caller has none', async () => {
    const { entry, events, end } = createRequest()
    const fault = new TypeError('"auth" is read-only')
    const accept = () => {
      throw fault
    }
    expect(await outcomeOf(() => authenticateEntry(entry, accept))).toBe(fault)
    end()
    expect(events).toEqual([])
    expect(() => findCaller(entry)).toThrow(fault)
  })

  test('a requirement that is none', async () => {
    const { entry, events, end } = createRequest()
    const { auth } = await authenticateEntry(entry)
    const none = { name: 'none' } as Requirement<never>
    const outcome = outcomeOf(() => entry.guard.authorize(auth, none, entry.exchange))
    expect(await outcome).toMatchObject({ code: 'invalid_configuration' })
    end()
    expect(events).toEqual([])
  })
})

test('a refused request has no caller, and one that is not decided on has none yet', async () => {
  const { entry, events, end } = createRequest('Bearer bad')
  expect(() => findCaller(entry)).toThrow(/found one that has not decided yet/)
  const refusal = await outcomeOf(() => authenticateEntry(entry))
  expect(refusal).toMatchObject({ code: 'token_malformed' })
  expect(await outcomeOf(() => findCaller(entry))).toBe(refusal)
  end()
  expect(events).toEqual(['denied'])
})
