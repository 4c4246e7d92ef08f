import { createDevVerifier } from '../src/index.js'
import { ReplayRegister } from '../src/replay-register.js'
import { requestToken } from './support.js'

const HOUR = 3600

describe('the register of used identifiers', () => {
  it('takes each once, for as long as its assertion could be used again', () => {
    const register = new ReplayRegister()
    expect(register.use('a', { exp: 2 * HOUR, now: 0 })).toBe(true)
    expect(register.use('a', { exp: 2 * HOUR, now: 2 * HOUR - 1 })).toBe(false)
    expect(register.use('a', { exp: 4 * HOUR, now: 2 * HOUR })).toBe(true)
  })

  it('keeps for half an hour what says no end, or one that is over', () => {
    const register = new ReplayRegister()
    expect(register.use('a', { exp: undefined, now: 0 })).toBe(true)
    expect(register.use('b', { exp: -1, now: 0 })).toBe(true)
    expect(register.use('a', { exp: undefined, now: HOUR / 2 - 1 })).toBe(false)
    expect(register.use('b', { exp: -1, now: HOUR / 2 - 1 })).toBe(false)
  })

  it('lets go of those that are over', () => {
    const register = new ReplayRegister()
    for (let now = 0; now < 10 * HOUR; now += 10) register.use(`jti-${now}`, { exp: now + 60, now })
    expect(register.size).toBeLessThan(HOUR / 2 / 10 + 10)
  })

  it('holds ten thousand at most, and lets go of the oldest first', () => {
    const register = new ReplayRegister()
    for (let index = 0; index <= 10_000; index++)
      register.use(`jti-${index}`, { exp: 1e15, now: 0 })
    expect(register.size).toBe(10_000)
    expect(register.use('jti-10000', { exp: 60, now: 0 })).toBe(false)
    expect(register.use('jti-0', { exp: 60, now: 0 })).toBe(true)
  })
})

it('is what the token endpoint goes by', async () => {
  let now = Date.parse('2026-11-23T12:00:00Z')
  const verifier = createDevVerifier({ runtime: { now: () => now } })
  const machine = verifier.issueMachineCredential()
  const use = async () =>
    (await requestToken(verifier, machine, { assertion: { jti: 'once' } })).status
  expect([await use(), await use()]).toEqual([200, 400])
  now += HOUR * 1000
  expect(await use()).toBe(200)
})
