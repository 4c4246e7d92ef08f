/*
 * What a proof is made for: the method and the URL of a request, as the client sent it. Request and
 * public addresses in, URLs out (RFC 9449 §4.3 no. 8 and 9, RFC 3986 §6.2.2, §6.2.3).
 */
import { readUrl } from '../kit/url.js'
import type { ResourceAddress } from '../options/resource.js'
import type { RequestLike } from '../presented/request.js'

/** Pchar and slashes (RFC 3986 §3.3), and the brackets that browsers leave as they are. */
const PATH = /^(?:[\w\-.~!$&'()*+,;=:@/[\]]|%[\da-f]{2})*$/i
const AUTHORITY = /^(?:[\w\-.~!$&'()*+,;=]+|\[[\da-f:.]+\])(?::(?:[1-9]\d{0,4})?)?$/i
/** Query and fragment are dropped, but are no hiding place for what no URL holds. */
const REST = /^(?:[\w\-.~!$&'()*+,;=:@/[\]?#]|%[\da-f]{2})*$/i
const PARTS = /^(https?):\/\/([^/?#]*)([^?#]*)(.*)$/is
/** The path of a request-target in origin-form or absolute-form (RFC 9112 §3.2). */
const TARGET = /^(?:https?:\/\/[^/?#]*)?([^?#]*)/i
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i
/** A path that is normal as it stands, as most are. */
const PLAIN = /^\/[\w\-~!$&'()*+,;=:@/]*$/
const ESCAPED = /%[\da-f]{2}/gi
const UNRESERVED = /[\w\-.~]/

/**
 * The URLs that a proof for this request may state, normalised: one for each public address.
 *
 * The origin comes from the configuration alone. A path that lacks the path of the public address
 * has lost it to a gateway, and gets it back.
 *
 * @returns a phrase that says what was found instead, where the path is none that a proof can state
 */
export function targetsOf(
  { url, originalUrl = url }: RequestLike,
  addresses: readonly ResourceAddress[],
): readonly string[] | string {
  if (originalUrl === undefined) return 'a request whose URL is not known'
  const query = originalUrl.indexOf('?')
  const whole = query === -1 ? originalUrl : originalUrl.slice(0, query)
  const path = PLAIN.test(whole) ? whole : pathOf(originalUrl)
  if (path === undefined) return 'a path with dot segments, or with characters that no URL has'
  const [first, ...others] = addresses
  if (first?.prefix === '' && others.length === 0) return [first.origin + path]
  return addresses.flatMap(({ origin, prefix }) =>
    fullPaths(path, normalPath(prefix)).map((full) => origin + full),
  )
}

/** The path of a request-target, normalised as far as routers leave it alone. */
function pathOf(target: string): string | undefined {
  const [, stated = ''] = TARGET.exec(target) ?? []
  const path = stated === '' && target !== stated ? '/' : stated
  if (!path.startsWith('/') || !PATH.test(path)) return undefined
  // No router resolves them, and every parser of URLs does: they would name two resources.
  return DOT_SEGMENT.test(path) ? undefined : normalPath(path)
}

/** Whether a proof was made for one of these URLs. */
export function isFor(htu: string, targets: readonly string[]): boolean {
  // Equal texts are equal URLs, and a target is a URL: most requests end here.
  if (targets.includes(htu)) return true
  const normal = normalUrl(htu)
  return normal !== undefined && targets.includes(normal)
}

/**
 * Normalises the URL of a proof, without its query and fragment.
 *
 * Looks at every character before the parser does: `new URL` alone takes white space, backslashes,
 * missing slashes and escaped or numeric hosts for other ways to write the same.
 *
 * @returns `undefined` for what is no absolute http or https URL without user information
 */
export function normalUrl(text: string): string | undefined {
  const [, , authority, path, rest] = PARTS.exec(text) ?? []
  if (authority === undefined || !AUTHORITY.test(authority)) return undefined
  const url = PATH.test(path!) && REST.test(rest!) ? readUrl(text) : undefined
  if (url === undefined) return undefined
  const { origin, hostname, pathname } = url
  // A host that the parser rewrote was another way to write an address.
  if (hostname !== authority.replace(/:\d*$/, '').toLowerCase()) return undefined
  return origin + normalPath(pathname)
}

/** RFC 3986 §6.2.2.1 and §6.2.2.2: escapes in upper case, and none of what needs no escape. */
function normalPath(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(ESCAPED, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return UNRESERVED.test(character) ? character : escape.toUpperCase()
  })
}

/** A gateway that removes a prefix leaves `/` of both the prefix and the prefix with a slash. */
function fullPaths(path: string, prefix: string): readonly string[] {
  if (prefix === '' || path === prefix || path.startsWith(`${prefix}/`)) return [path]
  return path === '/' ? [prefix, `${prefix}/`] : [prefix + path]
}
