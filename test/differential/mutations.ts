/** Chance that can be repeated: numbers from 0 up to 1 (mulberry32). */
export function createChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Draws from chance. */
export interface Draw {
  below(limit: number): number
  from<Item>(items: ArrayLike<Item>): Item
}

/** Draws whole numbers and items. */
export function createDraw(chance: () => number): Draw {
  const below = (limit: number) => Math.floor(chance() * limit)
  return { below, from: (items) => items[below(items.length)]! }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const FOREIGN = [
  '=',
  '+',
  '/',
  '.',
  ' ',
  '\t',
  '\n',
  '\0',
  '\u00e9',
  '\u{1F600}',
  '"',
  '{',
  ',',
  '%2E',
]

const at = (text: string, start: number, removed: number, added: string) =>
  text.slice(0, start) + added + text.slice(start + removed)

/** Changes one part of a token, whole. */
const onPart = (change: (part: string, draw: Draw) => string) => (token: string, draw: Draw) => {
  const parts = token.split('.')
  const index = draw.below(parts.length)
  parts[index] = change(parts[index]!, draw)
  return parts.join('.')
}

/** Ways to change the text of a token after it was signed. */
export const MUTATIONS: Readonly<
  Record<string, (token: string, draw: Draw, others: ArrayLike<string>) => string>
> = {
  replaced: (token, draw) => at(token, draw.below(token.length), 1, draw.from(ALPHABET)),
  'replaced in the signature': (token, draw) =>
    at(token, token.length - 1 - draw.below(86), 1, draw.from(ALPHABET)),
  'foreign character': (token, draw) => at(token, draw.below(token.length), 1, draw.from(FOREIGN)),
  inserted: (token, draw) => at(token, draw.below(token.length + 1), 0, draw.from(ALPHABET)),
  'foreign character inserted': (token, draw) =>
    at(token, draw.below(token.length + 1), 0, draw.from(FOREIGN)),
  removed: (token, draw) => at(token, draw.below(token.length), 1, ''),
  'cut short': (token, draw) => token.slice(0, draw.below(token.length)),
  appended: (token, draw) => token + draw.from(ALPHABET),
  repeated: (token, draw) => at(token, draw.below(token.length), 0, token.slice(0, draw.below(8))),
  'stray bits': onPart((part, draw) => part.slice(0, -1) + draw.from(ALPHABET)),
  padded: onPart((part, draw) => part + '='.repeat(1 + draw.below(3))),
  'standard alphabet': (token) => token.replaceAll('-', '+').replaceAll('_', '/'),
  'other case': onPart((part) =>
    part === part.toLowerCase() ? part.toUpperCase() : part.toLowerCase(),
  ),
  emptied: onPart(() => ''),
  'parts exchanged': (token, draw) =>
    token
      .split('.')
      .sort(() => draw.below(3) - 1)
      .join('.'),
  'spliced with another': (token, draw, others) => {
    const parts = token.split('.')
    const index = draw.below(parts.length)
    parts[index] = draw.from(others).split('.')[index] ?? ''
    return parts.join('.')
  },
}
