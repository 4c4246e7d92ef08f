/* Reads members of JSON objects by their names and paths. */
import { Denial } from './errors.js'

/** A JSON object of which nothing is known. */
export type Json = Readonly<Record<string, unknown>>

/** Where each member of a normalised object may be found, taken apart from its aliases. */
export type Paths<Name extends string = string> = readonly (readonly [
  name: Name,
  sources: readonly (readonly string[])[],
])[]

/** A NumericDate beyond this (the year 5138) is in milliseconds. */
export const MILLISECONDS = 1e11
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i

/** Takes the paths of an alias table apart, once; a dot leads into an object. */
export function pathsOf<Name extends string>(
  aliases: Readonly<Record<Name, readonly string[]>>,
): Paths<Name> {
  const entries = Object.entries(aliases) as [Name, readonly string[]][]
  return entries.map(([name, sources]) => [name, sources.map((source) => source.split('.'))])
}

/** The members of a normalised object, each from the first of its sources that can be read. */
export function read<Name extends string, T>(
  source: Json,
  paths: Paths<Name>,
  reader: (value: unknown) => T | undefined,
): { readonly [Each in Name]?: T } {
  const result: { [Each in Name]?: T } = {}
  for (const [name, sources] of paths) {
    for (const path of sources) {
      const value = reader(follow(source, path))
      if (value === undefined) continue
      result[name] = value
      break
    }
  }
  return result
}

/** The first value that a function finds. */
export function firstOf<Item, T>(
  items: readonly Item[],
  find: (item: Item) => T | undefined,
): T | undefined {
  for (const item of items) {
    const value = find(item)
    if (value !== undefined) return value
  }
  return undefined
}

/**
 * A member of the object itself, never of its prototype; `null` is what some Verifiers write for
 * nothing.
 */
export function getOwn(source: Json, name: string): unknown {
  const value = source[name] ?? undefined
  // Most names are absent: looking first is cheaper than asking whose it is.
  return value !== undefined && Object.hasOwn(source, name) ? value : undefined
}

/** Whether a value is a JSON object, and no list. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text that says something. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The texts among one or many values. */
export function texts(value: unknown): readonly string[] {
  if (value === undefined) return NONE
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return frozenCopy((values.every(isText) ? values : values.filter(isText)) as string[])
}

const NONE: readonly string[] = Object.freeze([])

/**
 * A time in seconds since 1970, stated in RFC 3339 or as a NumericDate (RFC 7519 §2).
 *
 * @throws {Denial} `credential_malformed`: a limit in time that can't be read must not read as none
 */
export function seconds(value: unknown): number | undefined {
  if (value === undefined) return undefined
  const time = typeof value === 'string' && RFC3339.test(value) ? Date.parse(value) / 1_000 : value
  if (typeof time === 'number' && Math.abs(time) < MILLISECONDS) return time
  const isMilliseconds = typeof time === 'number' && Number.isFinite(time)
  throw malformed(
    'its dates in RFC 3339 or seconds since 1970',
    isMilliseconds ? 'milliseconds' : 'another form',
  )
}

function isText(value: unknown): boolean {
  return text(value) !== undefined
}

/** A member for an object literal, or none. */
export function optional<Name extends string, T>(
  name: Name,
  value: T | undefined,
): { readonly [Each in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [Each in Name]: T })
}

/** Names what is wrong without repeating it: credentials hold personal data. */
export function malformed(expected: string, actual: string): Denial {
  return new Denial('credential_malformed', { check: 'credential', expected, actual })
}

function follow(source: Json, path: readonly string[]): unknown {
  let value = getOwn(source, path[0]!)
  for (let depth = 1; depth < path.length; depth += 1) {
    if (!isObject(value)) return undefined
    value = getOwn(value, path[depth]!)
  }
  return value
}

/**
 * A list for keeping: frozen, and without the space for sixteen more that filtering leaves behind.
 */
export function frozenCopy<T>(list: readonly T[]): readonly T[] {
  return Object.freeze(list.slice())
}
