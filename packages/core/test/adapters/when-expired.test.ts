import { whenExpired } from '../../src/adapters/when-expired.js'

/** A clock and timers that a test moves, and that last no longer than real ones. */
function createClock() {
  let now = 0
  let timers: { readonly at: number; readonly run: () => void }[] = []
  return {
    now: () => now,
    schedule: (run: () => void, delay: number) => {
      const timer = { at: now + Math.min(delay, 2 ** 31 - 1), run }
      timers.push(timer)
      return () => void (timers = timers.filter((other) => other !== timer))
    },
    delays: () => timers.map(({ at }) => at - now),
    advance(to: number) {
      for (;;) {
        const next = timers.filter(({ at }) => at <= to).sort((one, other) => one.at - other.at)[0]
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        now = next.at
        next.run()
      }
      now = to
    },
  }
}

describe('whenExpired', () => {
  test.each([
    [
      'throw',
      (error: Error) => {
        throw error
      },
    ],
    ['reject', (error: Error) => Promise.reject(error)],
  ])('closing what its caller closed before may %s, at once or later', async (_, fail) => {
    const clock = createClock()
    const close = jest.fn(() => fail(new Error('closed before')))
    whenExpired({ expiresAt: 0 }, close, clock)
    whenExpired({ expiresAt: 1 }, close, clock)
    clock.advance(1_000)
    // A rejection without a handler ends the process at the end of the turn.
    await new Promise((resolve) => setImmediate(resolve))
    expect(close).toHaveBeenCalledTimes(2)
  })

  test('calls back once, at the second the token expires', () => {
    const clock = createClock()
    const expired = jest.fn()
    whenExpired({ expiresAt: 900 }, expired, clock)
    clock.advance(899_999)
    expect(expired).not.toHaveBeenCalled()
    clock.advance(900_000)
    clock.advance(9_000_000)
    expect(expired).toHaveBeenCalledTimes(1)
  })

  test('waits for tokens that live longer than a timer can', () => {
    const clock = createClock()
    const expired = jest.fn()
    const days = 24 * 3_600
    whenExpired({ expiresAt: 60 * days }, expired, clock)
    expect(clock.delays()).toEqual([2 ** 31 - 1])
    clock.advance(59 * days * 1_000)
    expect(expired).not.toHaveBeenCalled()
    clock.advance(60 * days * 1_000)
    expect(expired).toHaveBeenCalledTimes(1)
  })

  test('can be called off, also after it has been extended', () => {
    const clock = createClock()
    const expired = jest.fn()
    const cancel = whenExpired({ expiresAt: 5_000_000 }, expired, clock)
    clock.advance(3_000_000_000)
    cancel()
    clock.advance(6_000_000_000)
    expect(expired).not.toHaveBeenCalled()
  })

  test('calls back at once for what has expired', () => {
    const expired = jest.fn()
    whenExpired({ expiresAt: 0 }, expired, createClock())
    expect(expired).toHaveBeenCalledTimes(1)
  })
})
