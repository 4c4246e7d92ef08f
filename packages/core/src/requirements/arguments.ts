import { configurationError, quote } from '../kit/errors.js'

/**
 * @throws {GuardError} `invalid_configuration` unless the options are an object of known members
 */
export function requireOptions(of: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw configurationError(
      `options of ${of}`,
      quote(options),
      `pass an object with ${known.join(', ')}`,
    )
  const stranger = Object.keys(options).find((name) => !known.includes(name))
  if (stranger !== undefined)
    throw configurationError(
      `options of ${of} among ${known.join(', ')}`,
      quote(stranger),
      'check the spelling',
    )
}

/** @throws {GuardError} `invalid_configuration` unless the value is a text that says something */
export function requireText(what: string, value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw configurationError(what, quote(value), 'an unset environment variable, perhaps')
}

/** @throws {GuardError} `invalid_configuration` unless it is one text or several */
export function requireTexts(what: string, value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw configurationError(what, 'an empty list', 'name at least one')
  return Object.freeze(list.map((one) => requireText(what, one)))
}

/** @throws {GuardError} `invalid_configuration` unless it is a function */
export function requireFunction(what: string, value: unknown): void {
  if (typeof value !== 'function') throw configurationError(what, quote(value), 'pass a function')
}

/** @throws {GuardError} `invalid_configuration` unless it is left out, true or false */
export function requireSwitches<Name extends string>(
  options: { readonly [Each in Name]?: unknown },
  names: readonly Name[],
): void {
  for (const name of names) {
    const value: unknown = options[name]
    if (value !== undefined && typeof value !== 'boolean')
      throw configurationError(
        `"${name}" to be true or false`,
        quote(value),
        'an option read from the environment is a text',
      )
  }
}
