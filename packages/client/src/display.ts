const MAX_PRINTED = 200

/**
 * A text that another party chose, as it may stand in a message: short, and nothing in it that a
 * terminal or a log viewer obeys.
 */
export function printable(text: string, longest = MAX_PRINTED): string {
  return text.slice(0, longest).replace(/[^\x20-\x7e]/g, '?')
}

/** The same in quotation marks. */
export function quote(text: string): string {
  return `"${printable(text)}"`
}

/**
 * An address as it may stand in a message. Its user, query and fragment may hold what is not for
 * logs.
 */
export function place(url: string): string {
  const { origin, pathname } = new URL(url)
  return printable(origin + pathname)
}

/** What kind of value was found. The value itself may be a secret. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'none'
  if (value === null) return 'null'
  if (value === '') return 'an empty text'
  return Array.isArray(value) ? 'a list' : (KINDS[typeof value] ?? `a ${typeof value}`)
}

const KINDS: Readonly<Record<string, string>> = { string: 'a text', object: 'an object' }
