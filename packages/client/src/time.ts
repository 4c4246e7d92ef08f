/** A second on the clocks and timers of the runtime, which count milliseconds. */
export const SECOND = 1_000

/** A span of milliseconds in seconds, which is what everything public counts. */
export function inSeconds<Span extends number | undefined>(span: Span): Span {
  return (span === undefined ? span : span / SECOND) as Span
}

/** A time in whole seconds since 1970, as `exp` has it (RFC 7519 §2). */
export function epochSeconds<Time extends number | undefined>(time: Time): Time {
  return (time === undefined ? time : Math.floor(time / SECOND)) as Time
}
