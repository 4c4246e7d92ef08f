/*
 * Makes values that a caller or a server chose fit for a message: quoted, escaped, cut short,
 * and without secrets. Value in, printable ASCII out.
 */

const MAX_SHOWN = 200

/**
 * A value of a token or an option, quoted. Shows nothing but the type of an object: a whole
 * configuration in the wrong place has passwords in it.
 */
export function quote(value: unknown): string {
  return value === undefined ? 'none' : printable(outline(value))
}

/** A text without quotes: cut short, and with nothing in it that a terminal or a log obeys. */
export function printable(text: string): string {
  const escaped = text
    .slice(0, MAX_SHOWN + 1)
    // Escapes as JSON has them, also for what JSON lets stand: control sequences, directions.
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return escaped.length <= MAX_SHOWN ? escaped : `${escaped.slice(0, MAX_SHOWN)}…`
}

/** Several values in a row, quoted. */
export function enumerate(values: readonly unknown[]): string {
  return values.map(quote).join(', ')
}

/** An address without user, password, query or fragment. */
export function place(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

/** The same, quoted, for a text that may be no address. */
export function quoteAddress(text: string): string {
  return quote(
    text.replace(/\/\/[^/?#]*@/, '//...@').replace(/[?#][^]*$/, (rest) => `${rest[0]}...`),
  )
}

function outline(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_SHOWN + 1))
  if (Array.isArray(value)) return `[${value.slice(0, MAX_SHOWN).map(member).join(',')}]`
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

function member(value: unknown): string {
  return Array.isArray(value) ? 'a list' : outline(value)
}
