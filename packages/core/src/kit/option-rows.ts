/*
 * Options as data: a row each, with its check, its default and one sentence for the documents.
 * Options and rows in, checked values with every default out.
 */
import { enumerate, quote } from './display.js'
import { configurationError, type GuardError } from './errors.js'

/** Throws for a value that the option of this name can't have. */
export type Check = (name: string, value: unknown) => void

/** One option. */
export interface OptionRow<Default = unknown> {
  readonly check: Check
  readonly default?: Default
  /** The default in words, where the value says too little. */
  readonly defaultIs?: string
  readonly unit?: 'seconds' | 'bytes'
  /**
   * Refuses `undefined` where the option is stated: the default is looser than what an unset
   * environment variable was meant to hold.
   */
  readonly needsValue?: true
  /** The name in messages, where it stands within another option. Default: its own name. */
  readonly path?: string
  /** What it means, in one sentence. */
  readonly says: string
}

type NamesOf<Options> = Options extends unknown ? keyof Options : never

/** A row for every option of a type. */
export type OptionRows<Options> = { readonly [Name in NamesOf<Options>]: OptionRow }

/** Options with their defaults filled in. */
export type Filled<Options, Rows> = {
  readonly [Name in keyof Options & keyof Rows]-?: Rows[Name] extends { readonly default: infer D }
    ? D | Exclude<Options[Name], undefined>
    : Options[Name]
}

/**
 * Checks options by their rows, and fills in the defaults.
 *
 * @param of whose options they are, for messages
 * @throws {GuardError} `invalid_configuration`
 */
export function readOptions<Options extends object, Rows extends OptionRows<Options>>(
  of: string,
  options: Options,
  rows: Rows,
): Filled<Options, Rows> {
  const names = Object.keys(rows)
  if (typeof options !== 'object' || options === null)
    throw configurationError(
      `${of} as an object`,
      quote(options),
      `pass an object with ${names.join(', ')}`,
    )
  const stranger = Object.keys(options).find((name) => !names.includes(name))
  if (stranger !== undefined)
    throw configurationError(
      `${of} among ${names.join(', ')}`,
      quote(stranger),
      'check the spelling',
    )
  return Object.fromEntries(
    Object.entries<OptionRow>(rows).map(([name, row]) => {
      const value = (options as Readonly<Record<string, unknown>>)[name]
      const { path = name, needsValue = false } = row
      if (value !== undefined) row.check(path, value)
      else if (needsValue && Object.hasOwn(options, name)) throw unset(path)
      return [name, value === undefined ? row.default : value]
    }),
  ) as Filled<Options, Rows>
}

/**
 * Refuses an argument that is no object: JavaScript lets a caller leave it out.
 *
 * @param expected what is needed
 * @param hint what to do
 * @throws {GuardError} `invalid_configuration`
 */
export function requireObject(expected: string, value: unknown, hint: string): void {
  if (typeof value === 'function' || (typeof value === 'object' && value !== null)) return
  throw configurationError(expected, quote(value), hint)
}

/** The same rows for options within an option: their names in messages are `keySet.maxAge`. */
export function namedWithin<Rows extends Readonly<Record<string, OptionRow>>>(
  group: string,
  rows: Rows,
): Rows {
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]) => [name, { ...row, path: `${group}.${name}` }]),
  ) as Rows
}

/** For an option that is looked at where it is used. */
export const anything: Check = () => {}

/** A number of seconds: an absurd one counts milliseconds, most likely. */
export function seconds(least: number, most: number): Check {
  return (name, value) => {
    if (typeof value === 'number' && value >= least && value <= most) return
    throw wrong(
      `"${name}" as a number from ${least} to ${most}`,
      value,
      'it counts seconds, not milliseconds',
    )
  }
}

/** A whole number of things, no more than a machine can hold. */
export function count(most: number): Check {
  return (name, value) => {
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) return
    throw wrong(`"${name}" as a whole number from 1 to ${most}`, value, LEAVE_OUT)
  }
}

/** One of a few values. */
export function oneOf(...allowed: readonly unknown[]): Check {
  return (name, value) => {
    if (allowed.includes(value)) return
    throw wrong(`"${name}" as ${allowed.map(quote).join(' or ')}`, value, LEAVE_OUT)
  }
}

/** `closed`, or `{ openFor: n }` with a number of seconds: what happens while something is away. */
export function closedOrOpenFor(most: number): Check {
  const isLength = seconds(0.001, most)
  return (name, value) => {
    if (value === 'closed') return
    const { openFor } = Object(value) as { openFor?: unknown }
    isLength(`${name}.openFor`, openFor)
  }
}

/**
 * The name of a header field: RFC 9110 §5.1, of the characters that fields are named with. A switch
 * from the environment is no name.
 */
export const FIELD_NAME = /^(?!(?:true|false|yes|no|on|off)$)[a-z][\w-]{0,63}$/i

/** The name of a header field, as an option. */
export const fieldName: Check = (name, value) => {
  if (typeof value === 'string' && FIELD_NAME.test(value)) return
  throw wrong(`"${name}" as the name of a field`, value, 'it is named like "x-client-cert"')
}

/** True or false. */
export const flag: Check = (name, value) => {
  if (typeof value === 'boolean') return
  const hint = 'an option read from the environment is a text'
  throw wrong(`"${name}" as true or false`, value, hint)
}

/** Options within an option. */
export const group: Check = (name, value) => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw wrong(`"${name}" as an object`, value, LEAVE_OUT)
}

/** A text that says something. */
export const text: Check = (name, value) => {
  if (typeof value === 'string' && value.trim() !== '') return
  throw wrong(`"${name}" as a text`, value, UNSET)
}

/** One text or several. */
export const texts: Check = (name, value) => {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw configurationError(`"${name}"`, 'an empty list', 'name at least one')
  for (const one of list) text(name, one)
}

/** A function. */
export const callable: Check = (name, value) => {
  if (typeof value !== 'function') throw wrong(`"${name}" as a function`, value, 'pass a function')
}

/** An object of functions: each name known, each value a function. */
export function functions(names: readonly string[], hint: string): Check {
  return (name, value) => {
    if (typeof value !== 'object' || value === null)
      throw wrong(`"${name}" as an object`, value, `pass an object with ${names.join(', ')}`)
    for (const [member, given] of Object.entries(value)) {
      if (!names.includes(member))
        throw configurationError(
          `"${name}" among ${names.join(', ')}`,
          quote(member),
          'check the spelling',
        )
      if (given !== undefined && typeof given !== 'function')
        throw wrong(`"${name}.${member}" as a function`, given, hint)
    }
  }
}

const LEAVE_OUT = 'leave it out for the default'
const UNSET = 'an unset environment variable, perhaps'

function unset(name: string): GuardError {
  const expected = `"${name}" with a value, where it is stated`
  return configurationError(expected, 'undefined', `${UNSET}; ${LEAVE_OUT}`)
}

function wrong(expected: string, value: unknown, hint: string): GuardError {
  const found = Array.isArray(value) ? `[${enumerate(value)}]` : quote(value)
  return configurationError(expected, found, hint)
}
