/* Issuers with `{tenant}` in them: a template in, a test for real issuers out. */
import { configurationError } from '../kit/errors.js'
import { quote, quoteAddress } from '../kit/display.js'
import { readUrl } from '../kit/url.js'

/** Tells whether an issuer is one of a template's. */
export type IssuerTemplate = (issuer: string) => boolean

const PLACEHOLDER = '{tenant}'
const STAND_IN = 'x-tenant-x'
/** The rule of Verifier 3.x for its tenants. */
const DEFAULT_TENANT = /[a-z0-9-]{1,64}/
/**
 * Whatever the pattern of a tenant allows, it must not change which host or path the address is of.
 */
const PLAIN = /^(?!\.+$)[\w.~-]+$/

/**
 * Makes the template of an issuer with `{tenant}` in it: the tenant is all that may vary.
 *
 * @returns `undefined` for an issuer that is no template
 * @throws {GuardError} `invalid_configuration` unless `{tenant}` stands once, in a label of the
 *   host that is not its last, or in the path
 */
export function issuerTemplate(
  issuer: string,
  tenantPattern: RegExp | undefined,
): IssuerTemplate | undefined {
  if (!/[{}]/.test(issuer)) {
    if (tenantPattern === undefined) return undefined
    throw configurationError(
      '"tenantPattern" beside an issuer with {tenant}',
      quoteAddress(issuer),
      'leave one out',
    )
  }
  const [before, after, ...more] = issuer.split(PLACEHOLDER) as [string, string, ...string[]]
  if (more.length > 0 || /[{}]/.test(before + after) || !mayVary(before + STAND_IN + after))
    throw misplaced(issuer)
  const tenants = wholly(tenantPattern ?? DEFAULT_TENANT)
  return (candidate) => {
    if (!candidate.startsWith(before) || !candidate.endsWith(after)) return false
    const tenant = candidate.slice(before.length, candidate.length - after.length)
    return PLAIN.test(tenant) && tenants.test(tenant)
  }
}

/** In its last label a tenant would choose the top-level domain, and so whose host it is. */
function mayVary(address: string): boolean {
  const url = readUrl(address)
  if (url === undefined) return false
  const { hostname, pathname } = url
  const labels = hostname.split('.').slice(0, -1)
  return pathname.includes(STAND_IN) || labels.some((label) => label.includes(STAND_IN))
}

/**
 * Top-level domains under which no one else can have a name: reserved for one's own network, for
 * tests or for examples (RFC 6761, RFC 6762 appendix G, RFC 8375).
 */
const RESERVED = new Set([
  'localhost',
  'test',
  'example',
  'invalid',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'arpa',
])

/**
 * Second-level domains that are registries in many countries: `co.uk`, `com.br`. This and the next
 * list are a part of the public suffix list (publicsuffix.org), which would outweigh all the rest
 * of this package.
 */
const REGISTRIES = new Set(['ac', 'co', 'com', 'edu', 'gov', 'net', 'or', 'org'])

/** Hosts under which anyone gets a name. */
const HOSTING = new Set([
  'appspot.com',
  'azurewebsites.net',
  'cloudfront.net',
  'firebaseapp.com',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'herokuapp.com',
  'netlify.app',
  'ngrok.io',
  'onrender.com',
  'pages.dev',
  'run.app',
  'vercel.app',
  'web.app',
  'workers.dev',
])

/** Whether the tenant of a template stands where anyone may register a name. */
export function isOpenToAll(issuer: string): boolean {
  const { hostname } = new URL(issuer.replace(PLACEHOLDER, STAND_IN))
  const labels = hostname.split('.')
  const index = labels.findIndex((label) => label.includes(STAND_IN))
  if (index === -1) return false
  const [last = '', before = '', ...more] = labels.slice(index + 1).reverse()
  if (before === '') return !RESERVED.has(last)
  if (more.length > 0) return false
  return HOSTING.has(`${before}.${last}`) || (last.length === 2 && REGISTRIES.has(before))
}

/**
 * The pattern for a whole name, whether it was written with anchors or without; `g` and `y` would
 * make it remember.
 */
function wholly(pattern: unknown): RegExp {
  if (pattern instanceof RegExp)
    return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''))
  throw configurationError(
    '"tenantPattern" as a regular expression',
    quote(pattern),
    'write it as /[a-z]+/',
  )
}

function misplaced(issuer: string): Error {
  return configurationError(
    'a template with {tenant} once, in a label of the host before its last or in the path',
    quoteAddress(issuer),
    'a tenant anywhere else could lead to a host of its own choosing',
  )
}
