import { SECOND } from './time.js'

/** Assertions live a minute. A clock that is this far off is taken for wrong. */
const MAX_OFFSET = 30 * SECOND

/**
 * How far this machine is ahead of the server that sent the answer, by its `Date`
 * (RFC 9110 §6.6.1), which has whole seconds.
 *
 * @returns milliseconds, or `undefined` if the answer does not say.
 */
export function clockOffset(headers: Headers, now: number): number | undefined {
  const theirs = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(theirs) ? undefined : now - theirs
}

/** Whether an offset is more than travel time and whole seconds explain. */
export function isClockOff(offset: number): boolean {
  return Math.abs(offset) > MAX_OFFSET
}

/** The offset in words. */
export function describeClock(offset: number | undefined): string {
  if (offset === undefined) return 'the answer has no Date to hold this clock against'
  const seconds = Math.round(Math.abs(offset) / SECOND)
  const where = seconds <= 1 ? 'in step with' : `${seconds} s ${offset > 0 ? 'ahead of' : 'behind'}`
  return `this machine is ${where} the answering server`
}
