/** @throws Error for a name that is none of those known. */
export function requireName(what: string, known: readonly string[], name: string): void {
  if (!known.includes(name))
    throw new Error(`Expected ${what} of ${known.join(', ')}; found ${describe(name)}.`)
}

/** @throws Error for an option of another name: a typing error must not look like a setting. */
function refuseUnknown(of: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) requireName(`options of ${of}`, known, name)
}

/** Throws for a value that the option of this name cannot have. */
export type Check = (name: string, value: unknown) => void

/** What each option of a method may be. */
export type Checks<Options> = { readonly [Name in keyof Required<Options>]: Check }

/**
 * Holds options against their checks. One that is `undefined` counts as left out.
 *
 * @throws Error for an option of another name, or of a value that would make something else than
 * was asked for.
 */
export function checkOptions<Options extends object>(
  of: string,
  options: Options,
  checks: Checks<Options>,
): void {
  refuseUnknown(of, options, Object.keys(checks))
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) checks[name as keyof Options](name, value)
  }
}

/** For a value that its user checks, or that is meant to go through unchecked. */
export const anything: Check = () => {}

/** A check for one of several names. */
export function oneOf(known: readonly string[]): Check {
  return (name, value) => requireName(`${name} to be one`, known, value as string)
}

/** A check from what it expects, in words, and a test. */
function expecting(expected: string, isRight: (value: unknown) => boolean): Check {
  return (name, value) => {
    if (!isRight(value)) throw unexpected(`${name} to be ${expected}`, value)
  }
}

export const flag = expecting('true or false', (value) => typeof value === 'boolean')

export const text = expecting(
  'a text that is not empty',
  (value) => typeof value === 'string' && value !== '',
)

export const callable = expecting('a function', (value) => typeof value === 'function')

export const finite = expecting('a finite number', Number.isFinite)

export const natural = expecting(
  'a positive whole number',
  (value) => Number.isInteger(value) && (value as number) >= 1,
)

export const portNumber = expecting(
  'a whole number from 0 to 65535',
  (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 65_536,
)

export const list = expecting('a list', Array.isArray)

// By what it is and not by its class, which is another one in each realm of a test runner.
export const date = expecting(
  'a valid Date',
  (value) =>
    Object.prototype.toString.call(value) === '[object Date]' &&
    !Number.isNaN((value as Date).getTime()),
)

/** A check for an object with no other members than these, each held against its own check. */
export function members(checks: Readonly<Record<string, Check>>): Check {
  return (name, value) => {
    if (typeof value !== 'object' || value === null)
      throw unexpected(`${name} to be an object`, value)
    checkOptions(name, value as Record<string, unknown>, checks)
  }
}

/** A check for a list of objects, each with the members that are required. */
export function listOf(
  checks: Readonly<Record<string, Check>>,
  required: readonly string[],
): Check {
  return (name, value) => {
    list(name, value)
    for (const [index, entry] of (value as unknown[]).entries()) {
      members(checks)(`${name}[${index}]`, entry)
      for (const member of required)
        if ((entry as Record<string, unknown>)[member] === undefined)
          throw unexpected(`${name}[${index}] to have ${member}`, entry)
    }
  }
}

/** An error that says what an option was expected to be; for values that are no secrets. */
export function unexpected(expected: string, found: unknown): Error {
  return new Error(`Expected ${expected}; found ${describe(found)}.`)
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `"${value.slice(0, 60)}"`
  return typeof value === 'number' ? String(value) : Object.prototype.toString.call(value)
}
