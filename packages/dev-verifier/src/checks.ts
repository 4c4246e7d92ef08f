/** @throws Error for a name that is none of those known. */
export function requireName(what: string, known: readonly string[], name: string): void {
  if (!known.includes(name))
    throw new Error(`Expected ${what} of ${known.join(', ')}; found ${describe(name)}.`)
}

/** @throws Error for an option of another name: a typing error must not look like a setting. */
export function refuseUnknown(of: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) requireName(`options of ${of}`, known, name)
}

/** Throws for a value that the option of this name cannot have. */
type Check = (name: string, value: unknown) => void

/** What each option of a method may be. */
export type Checks<Options> = { readonly [Name in keyof Required<Options>]: Check }

/**
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

/** For what whoever uses the value looks at itself, or what is meant to go through unchecked. */
export const anything: Check = () => {}

export function oneOf(known: readonly string[]): Check {
  return (name, value) => requireName(`${name} to be one`, known, value as string)
}

export const finite: Check = (name, value) => {
  if (!Number.isFinite(value)) throw unexpected(`${name} to be a finite number`, value)
}

export const natural: Check = (name, value) => {
  if (!Number.isInteger(value) || (value as number) < 1)
    throw unexpected(`${name} to be a positive whole number`, value)
}

export const list: Check = (name, value) => {
  if (!Array.isArray(value)) throw unexpected(`${name} to be a list`, value)
}

export const date: Check = (name, value) => {
  if (!(Object(value) instanceof Date) || Number.isNaN((value as Date).getTime())) {
    throw unexpected(`${name} to be a valid Date`, value)
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
