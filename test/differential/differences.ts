import type { Verdict } from './judge.js'

/** Where core refuses what jose accepts, on purpose. */
interface Difference {
  readonly because: string
  /** What core says then. */
  readonly verdict: Verdict
  holds(token: string, change: string): boolean
}

const canonical = (part: string) => Buffer.from(part, 'base64url').toString('base64url') === part
/** The header as a lenient reader sees it, whatever else was done to the token. */
function headerOf(token: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as Readonly<
      Record<string, unknown>
    >
  } catch {
    return {}
  }
}
const changes =
  (...names: readonly string[]) =>
  (_: string, change: string) =>
    names.includes(change)

/** The whole list: any other difference, and any in the other direction, is a defect. */
export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'base64url not canonical': {
    because:
      'one signed text has one spelling (RFC 7515 §2, RFC 4648 §3.5): padding, other alphabets, white space and stray bits are refused',
    verdict: 'token_malformed',
    holds: (token) => !token.split('.').every(canonical),
  },
  'member named twice': {
    because:
      'RFC 7515 §4 and RFC 7519 §4 let a parser refuse; one that takes the last may judge other claims than the one before it',
    verdict: 'token_malformed',
    holds: changes(
      'claim twice',
      'claim twice, escaped',
      'nested claim twice',
      'header member twice',
      'header member twice, escaped',
    ),
  },
  'member named __proto__': {
    because: 'no claim has this name, and code that copies claims may take it for the prototype',
    verdict: 'token_malformed',
    holds: changes('claim __proto__', 'header __proto__'),
  },
  'nested too deep': {
    because:
      'claims nest about eight levels deep; recursive code of an application must not be led to exhaust its stack',
    verdict: 'token_malformed',
    holds: changes('nested 40 deep', 'header nested 40 deep'),
  },
  'byte order mark': {
    because: 'JSON has none (RFC 8259 §8.1)',
    verdict: 'token_malformed',
    holds: changes('byte order mark before claims', 'byte order mark before header'),
  },
  'header that changes the meaning': {
    because:
      'access tokens need no extension: crit, b64, zip and enc are refused even where they would change nothing',
    verdict: 'header_not_allowed',
    holds: (token) =>
      ['crit', 'b64', 'zip', 'enc'].some((name) => Object.hasOwn(headerOf(token), name)),
  },
  'header member of another type': {
    because: 'kid and typ are strings (RFC 7515 §4.1.4, §4.1.9)',
    verdict: 'header_not_allowed',
    holds: (token) =>
      Object.entries(headerOf(token)).some(
        ([name, value]) => ['kid', 'typ'].includes(name) && typeof value !== 'string',
      ),
  },
  'too large': {
    because: 'more than 16 384 characters are refused before anything parses them',
    verdict: 'token_too_large',
    holds: (token) => token.length > 16_384,
  },
}
