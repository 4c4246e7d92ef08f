import { ask as askRequirement, granted, refusalOf, refused } from '../fixtures/callers.js'
import type { Denial } from '../../src/kit/errors.js'
import {
  bitsOf,
  bitstringList,
  gzipped,
  signerJwk,
  startListHost,
  stoppedRuntime,
  tokenList,
  type ListHost,
} from '../fixtures/list-host.js'
import { listed, listedByToken } from '../fixtures/status-callers.js'
import { statusRequirement, type StatusQuestion } from '../fixtures/status-requirement.js'

let host: ListHost
let list: string
beforeEach(async () => {
  host = await startListHost()
  list = `${host.url}/1`
})
afterEach(() => host.close())

const serve = async (revoked: readonly number[], more = {}) =>
  host.serve('/1', { body: await bitstringList(list, revoked, more) })
const outage = () => host.serve('/1', { body: '', status: 503 })

function setUp(options: Partial<StatusQuestion> = {}) {
  const clock = stoppedRuntime()
  const requirement = statusRequirement({
    lists: [{ url: host.url, keys: { keys: [signerJwk] } }],
    runtime: clock.runtime,
    ...options,
  })
  const ask = async (index = 1) => {
    try {
      await askRequirement(requirement, listed(list, index), undefined)
    } catch (error) {
      throw Object.assign(new Error('refused'), (error as Denial).refusal)
    }
  }
  /** Lets a request arrive, and what it brings show. */
  const requested = async (count: number) => {
    while (host.requests.length < count) await new Promise(setImmediate)
  }
  const revoked = async (index = 1) => {
    const code = () => ask(index).catch((error: { code: string }) => error.code)
    while ((await code()) !== 'credential_revoked') await new Promise(setImmediate)
  }
  return { ...clock, requirement, ask, requested, revoked }
}

test('a list at hand answers at once, without a request', async () => {
  await serve([3])
  const { requirement, ask } = setUp()
  await ask()
  for (let index = 10; index < 20; index += 1) granted(requirement, listed(list, index))
  await refused(requirement, listed(list, 3), 'credential_revoked')
  expect(host.requests).toHaveLength(1)
})

test('however many ask, one fetches', async () => {
  await serve([])
  const { ask } = setUp()
  await Promise.all(Array.from({ length: 50 }, (_, index) => ask(index)))
  expect(host.requests).toHaveLength(1)
})

test('a list is fetched again ahead of its age, and no request waits for that', async () => {
  await serve([])
  const { requirement, ask, advance, revoked } = setUp({ maxAge: 100 })
  await ask()
  await serve([1])
  advance(79)
  granted(requirement, listed(list, 1))
  expect(host.requests).toHaveLength(1)
  advance(1)
  granted(requirement, listed(list, 1))
  await revoked()
  advance(79)
  await refused(requirement, listed(list, 1), 'credential_revoked')
  expect(host.requests).toHaveLength(2)
})

test('a list that no request asked for in time is waited for', async () => {
  await serve([])
  const { ask, advance } = setUp({ maxAge: 100 })
  await ask()
  await serve([1])
  advance(1_000)
  await expect(ask()).rejects.toMatchObject({ code: 'credential_revoked' })
})

test.each([
  [
    'bitstring list, in milliseconds',
    (ttl: number) =>
      bitstringList(list, [], {
        credentialSubject: {
          statusPurpose: 'revocation',
          encodedList: `u${gzipped(bitsOf([]))}`,
          ttl: ttl * 1_000,
        },
      }),
    () => listed(list, 1),
  ],
  [
    'token status list, in seconds',
    (ttl: number) => tokenList(list, [], { ttl }),
    () => listedByToken(list, 1),
  ],
] as const)('a %s, is kept no longer than its time to live', async (_, make, caller) => {
  const { requirement, advance, requested } = setUp({ maxAge: 300 })
  host.serve('/1', { body: await make(30) })
  await askRequirement(requirement, caller(), undefined)
  advance(23)
  await askRequirement(requirement, caller(), undefined)
  expect(host.requests).toHaveLength(1)
  advance(2)
  await askRequirement(requirement, caller(), undefined)
  await requested(2)
})

test('a list with a time to live below a second is fetched once a second at most', async () => {
  const { requirement, advance } = setUp({ maxAge: 300 })
  host.serve('/1', { body: await tokenList(list, [], { ttl: 0.001 }) })
  for (let tenth = 0; tenth < 7; tenth += 1) {
    await askRequirement(requirement, listedByToken(list, 1), undefined)
    advance(0.1)
  }
  expect(host.requests).toHaveLength(1)
})

test('a list is not used beyond the end that it states', async () => {
  await serve([], { exp: Date.parse('2026-12-01T00:00:10Z') / 1_000 })
  const { ask, advance } = setUp()
  await ask()
  advance(10)
  await expect(ask()).rejects.toMatchObject({ code: 'status_unavailable' })
})

describe('closed, when there is no list to be had', () => {
  test('requests are refused, asked to come again, and the host is left in peace meanwhile', async () => {
    outage()
    const { ask, advance, requirement } = setUp()
    const denial = await refusalOf(requirement, listed(list, 1))
    expect(denial).toMatchObject({ code: 'status_unavailable', retryAfter: 1 })
    expect(denial.reason.actual).toBe(`expected status 200 for the status list ${list}, got 503`)
    for (let index = 0; index < 5; index += 1)
      await expect(ask()).rejects.toMatchObject({ code: 'status_unavailable' })
    expect(host.requests).toHaveLength(1)
    await serve([])
    advance(1)
    await ask()
    expect(host.requests).toHaveLength(2)
  })

  test('requests may cause an attempt every two seconds, however long it lasts', async () => {
    outage()
    const { ask, advance } = setUp()
    const pauses: number[] = []
    for (let round = 0; round < 7; round += 1) {
      const { retryAfter } = await ask().then(
        () => ({ retryAfter: 0 }),
        (error: { retryAfter: number }) => error,
      )
      pauses.push(retryAfter)
      advance(retryAfter)
    }
    expect(pauses).toEqual([1, 2, 2, 2, 2, 2, 2])
    expect(host.requests).toHaveLength(7)
  })

  test('the last list is good to its age, and no longer', async () => {
    await serve([])
    const { ask, advance, requested } = setUp({ maxAge: 100 })
    await ask()
    outage()
    advance(90)
    await ask()
    await requested(2)
    advance(9)
    await ask()
    advance(1)
    await expect(ask()).rejects.toMatchObject({ code: 'status_unavailable' })
  })

  test('a host that does not answer is not waited for', async () => {
    host.serve('/1', 'hang')
    const { ask, fireTimers, requested } = setUp()
    const asked = ask()
    await requested(1)
    fireTimers()
    await expect(asked).rejects.toMatchObject({ code: 'status_unavailable' })
  })

  test('a redirect is not followed', async () => {
    host.serve('/1', { body: '', status: 302, headers: { location: '/2' } })
    const { ask } = setUp()
    await expect(ask()).rejects.toMatchObject({ code: 'status_unavailable' })
    expect(host.requests.map(({ path }) => path)).toEqual(['/1'])
  })
})

describe('open for a stated time', () => {
  const unavailable = { openFor: 60 }

  test('without a list: from the first failure on, and not for ever', async () => {
    outage()
    const { ask, advance, warnings } = setUp({ unavailable })
    await ask()
    expect(warnings).toEqual([
      expect.stringContaining(
        `expected status 200 for the status list ${list}, got 503; requests pass without it for up to 60 s`,
      ),
    ])
    advance(59)
    await ask()
    advance(1)
    await expect(ask()).rejects.toMatchObject({ code: 'status_unavailable' })
    expect(warnings).toHaveLength(1)
  })

  test('with the last list: who was revoked stays out', async () => {
    await serve([3])
    const { ask, advance } = setUp({ unavailable, maxAge: 100 })
    await ask()
    outage()
    advance(159)
    await ask()
    await expect(ask(3)).rejects.toMatchObject({ code: 'credential_revoked' })
    advance(1)
    await expect(ask()).rejects.toMatchObject({ code: 'status_unavailable' })
  })

  test('ends as soon as there is a list again', async () => {
    outage()
    const { ask, advance, revoked } = setUp({ unavailable })
    await ask()
    await serve([1])
    advance(1)
    await ask()
    await revoked()
  })
})
