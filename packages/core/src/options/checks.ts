import { configurationError, quote } from '../kit/errors.js'
import type { Listeners } from '../kit/events.js'
import { systemRuntime, type Runtime } from '../kit/runtime.js'

/**
 * @throws {GuardError} `invalid_configuration` unless a number lies between its bounds; an absurd
 * one is in another unit, most likely
 */
export function number(
  name: string,
  value: number | undefined,
  otherwise: number,
  least = 1,
  most = Infinity,
): number {
  if (value === undefined) return otherwise
  if (typeof value === 'number' && value >= least && value <= most) return value
  const bounds = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`
  const hint =
    most === Infinity ? 'leave it out for the default' : 'it counts seconds, not milliseconds'
  throw configurationError(`"${name}" as a number ${bounds}`, quote(value), hint)
}

/**
 * @throws {GuardError} `invalid_configuration` unless something is counted in whole numbers, no
 * more than a machine can hold
 */
export function count(
  name: string,
  value: number | undefined,
  otherwise: number,
  most: number,
): number {
  if (value === undefined) return otherwise
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw configurationError(
    `"${name}" as a whole number from 1 to ${most}`,
    quote(value),
    'leave it out for the default',
  )
}

/** @throws {GuardError} `invalid_configuration` for a value that means nothing here */
export function only<T>(name: string, value: T | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined || allowed.includes(value)) return value
  throw configurationError(
    `"${name}" as ${allowed.map(quote).join(' or ')}`,
    quote(value),
    'leave it out for the default',
  )
}

/** @throws {GuardError} `invalid_configuration` for a name that is none of ours */
export function refuseUnknown(options: object, known: ReadonlySet<string>): void {
  const stranger = Object.keys(options).find((name) => !known.has(name))
  if (stranger === undefined) return
  throw configurationError(
    `options among ${[...known].join(', ')}`,
    quote(stranger),
    'check the spelling',
  )
}

/** The same for an option that is an object itself. @throws {GuardError} `invalid_configuration` */
export function refuseUnknownWithin(
  name: string,
  options: unknown,
  known: ReadonlySet<string>,
): void {
  if (options === undefined || (options === null && name === 'cache')) return
  if (typeof options === 'object' && options !== null) return refuseUnknown(options, known)
  const hint = name === 'cache' ? 'null switches it off' : 'leave it out for the default'
  throw configurationError(`"${name}" as an object`, quote(options), hint)
}

/** @throws {GuardError} `invalid_configuration` for a listener that can not be called */
export function checkListeners(events: Listeners | undefined): void {
  const stranger = Object.entries(events ?? {}).find(
    ([, listener]) => listener !== undefined && typeof listener !== 'function',
  )
  if (stranger === undefined) return
  throw configurationError(
    `"events.${stranger[0]}" as a function`,
    quote(stranger[1]),
    'it is called with the event',
  )
}

/**
 * What replaces parts of the runtime has to be functions, or every request would find out.
 *
 * @throws {GuardError} `invalid_configuration`
 */
export function checkRuntime(runtime: Runtime, given: unknown): Runtime {
  if (given !== undefined && (typeof given !== 'object' || given === null))
    throw configurationError(
      '"runtime" as an object',
      quote(given),
      'leave it out for that of the process',
    )
  const missing = (Object.keys(systemRuntime) as (keyof Runtime)[]).find(
    (name) => typeof runtime[name] !== 'function',
  )
  if (missing === undefined) return Object.freeze(runtime)
  throw configurationError(
    `"runtime.${missing}" as a function`,
    quote(runtime[missing]),
    'leave it out for that of the process',
  )
}
