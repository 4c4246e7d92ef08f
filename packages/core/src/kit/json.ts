/* Reads JSON of others: bounded in depth, and no name twice. */

/** The deepest nesting that is accepted; real tokens nest about eight levels. */
const MAX_DEPTH = 32

/**
 * Parses a JSON object more strictly than `JSON.parse`: no duplicate members (RFC 7515 §4, RFC 7519
 * §4), no `__proto__` member, no deep nesting.
 *
 * @returns the object, or a phrase that says what was found instead
 */
export function parseObject(text: string): Readonly<Record<string, unknown>> | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'text that is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'JSON that is not an object'
  const members = countMembers(value, 0)
  if (members === Infinity)
    return `an object nested over ${MAX_DEPTH} deep or with a member named "__proto__"`
  // JSON.parse keeps the last of several equal names, whatever escapes they are written with: then
  // the text has more colons than the value has members.
  if (members !== countColons(text)) return 'an object with a member named twice'
  return value as Readonly<Record<string, unknown>>
}

function countMembers(value: object, depth: number): number {
  if (depth > MAX_DEPTH) return Infinity
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) count += countWithin(item, depth)
    return count
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return Infinity
    count += 1 + countWithin((value as Record<string, unknown>)[key], depth)
  }
  return count
}

function countWithin(member: unknown, depth: number): number {
  return typeof member === 'object' && member !== null ? countMembers(member, depth + 1) : 0
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/** Colons outside strings, in text that is known to be JSON. */
function countColons(text: string): number {
  let count = 0
  let position = 0
  while (position < text.length) {
    const code = text.charCodeAt(position)
    if (code === COLON) count += 1
    position = code === QUOTE ? endOfString(text, position) : position + 1
  }
  return count
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(text: string, position: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(position - 1 - backslashes) === BACKSLASH) backslashes += 1
  return backslashes % 2 === 1
}

/** Makes a parsed object safe to hand out to many: innermost first, which V8 does twice as fast. */
export function deepFreeze<T extends object>(value: T): T {
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  for (const member of members)
    if (typeof member === 'object' && member !== null) deepFreeze(member)
  return Object.freeze(value)
}
