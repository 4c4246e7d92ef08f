import { Denial } from '../kit/errors.js'
import type { KeySource } from './remote-key-set.js'
import { sharesWork, type Runtime } from '../kit/runtime.js'
import { createRefetchBudget } from './refetch-budget.js'

/**
 * Requests that may wait for a fetch that is not due yet: each takes up memory and a connection.
 */
const MAX_WAITING = 1_000

/**
 * A fetch on request: one that begins after it was asked for, as soon as the budget allows; all who
 * wait share it.
 *
 * Waiting a little beats refusing: the bearer of a key published a moment ago must not pay for ids
 * that somebody else invents.
 */
export function createRefetch(
  issuer: string,
  source: KeySource,
  timeout: number,
  runtime: Runtime,
) {
  const budget = createRefetchBudget()
  const pause = () => budget.pause(runtime.monotonic())
  let scheduled: Promise<void> | undefined
  let waiting = 0
  let endPause = () => {}

  async function fetchAfterPause(): Promise<void> {
    // The fetch under way may have been answered before the key was published.
    await source.inFlight()
    await pauseFor(pause())
    await source.inFlight()
    scheduled = undefined
    const fruitful = await source.refresh()
    if (source.failures() === 0) budget.spend(runtime.monotonic(), fruitful)
  }

  async function pauseFor(delay: number): Promise<void> {
    if (delay === 0) return
    await new Promise<void>((resolve) => {
      const cancel = runtime.schedule(resolve, delay)
      endPause = () => (cancel(), resolve())
    })
  }

  async function refetch(): Promise<void> {
    if (source.inBackOff()) return
    const wait = pause()
    if (!sharesWork) scheduled = undefined
    scheduled ??= fetchAfterPause()
    // A fetch that is due is soon over: only who has to wait for the next one takes up a place.
    if (wait > timeout || (wait > 0 && waiting >= MAX_WAITING)) throw postponed(issuer, wait)
    waiting += 1
    await scheduled.finally(() => (waiting -= 1))
  }

  return Object.assign(refetch, { pause, close: () => endPause() })
}

/** The Verifier is well; the process has asked it often enough for keys that nobody published. */
function postponed(issuer: string, wait: number): Denial {
  const reason = {
    check: 'key-set',
    expected: `one of the keys of ${issuer} that are at hand`,
    actual: 'another, and a pause before they are fetched again',
    hint: 'many tokens with unknown "kid" came in: somebody invents them, or uses tokens of another environment',
  }
  return new Denial('keys_unavailable', reason, { retryAfter: Math.max(1_000, wait) })
}
