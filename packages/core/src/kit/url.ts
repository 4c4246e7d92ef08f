/* Compares and describes addresses. */
import { quoteAddress } from './display.js'

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
/**
 * Hosts on this machine or its link, as `URL` writes them: loopback (RFC 6761 §6.3, RFC 1122
 * §3.2.1.3), "this host", link-local (RFC 3927, RFC 4291 §2.5.6), and IPv4 within IPv6.
 */
const LOCAL =
  /^(?:(?:.+\.)?localhost\.?|(?:0|127)(?:\.\d+){3}|169\.254(?:\.\d+){2}|\[::1?\]|\[fe[89ab].*\]|\[::(?:ffff:)?(?:0:[\da-f]+|7f[\da-f]{2}:[\da-f]+|a9fe:[\da-f]+)\])$/

/**
 * Whether an address is on this machine or its link, where admin consoles and the metadata services
 * of clouds are. Does not resolve names: one that leads to such a place is not found.
 */
export function isLocal(address: string): boolean {
  return LOCAL.test(new URL(address).hostname)
}

/**
 * An absolute address, or `undefined` for anything else.
 *
 * Not by `URL.canParse`: once Node.js 20 has compiled it, it says no to every text with a letter
 * such as `ü`.
 */
export function readUrl(text: unknown): URL | undefined {
  if (typeof text !== 'string') return undefined
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/**
 * What makes an address unfit for a Verifier, or `undefined`: https is required beyond this machine
 * unless plain http was asked for.
 */
export function describeInsecure(address: string, insecureHttp: boolean): string | undefined {
  const url = readUrl(address)
  if (url === undefined) return `${quoteAddress(address)}, which is not a URL`
  const { protocol, hostname, username, password } = url
  if (username !== '' || password !== '') return 'a URL with credentials in it'
  if (protocol === 'https:') return undefined
  if (protocol === 'http:' && (insecureHttp || LOOPBACK.test(hostname))) return undefined
  return `${quoteAddress(address)}, which is not https`
}

/**
 * Whether a text can be an issuer (RFC 8414 §2): a fit address as it is normally written, without
 * query and fragment.
 */
export function isIssuer(text: string, insecureHttp: boolean): boolean {
  if (/[?#{}]/.test(text) || describeInsecure(text, insecureHttp) !== undefined) return false
  return [text, `${text}/`].includes(new URL(text).href)
}

/** What two identifiers differ by that were meant to be the same, in words. */
export function likelyDifference(
  expected: readonly string[],
  found: readonly string[],
): string | undefined {
  const some = (alike: (own: string, other: string) => boolean) =>
    expected.some((own) => found.some((other) => alike(own, other)))
  const differsBy = (suffix: string) =>
    some((own, other) => own + suffix === other || other + suffix === own)
  if (differsBy('/')) return 'they differ by a trailing slash only'
  if (differsBy('/verifier'))
    return 'they differ by the suffix "/verifier" only, which Verifiers from 3.1 on have in their issuer'
  if (some((own, other) => own.toLowerCase() === other.toLowerCase()))
    return 'they differ in upper and lower case only'
  if (some((own, other) => withoutScheme(own) === withoutScheme(other)))
    return 'they differ by http and https only'
  return undefined
}

function withoutScheme(address: string): string {
  return address.replace(/^https?:/, '')
}
