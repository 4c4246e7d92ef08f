import {
  getJson,
  HttpFailure,
  isAbsence,
  likelyDifference,
  wellKnownLocations,
  readUrl,
} from '@verifier-guard/core/support'
import { place, printable, quote } from './display.js'
import { tokenSourceError, type TokenSourceError } from './errors.js'
import { firstString, isObject, type JsonObject } from './json.js'
import type { ClientRuntime } from './runtime.js'

/** Where tokens are asked for, and how clients authenticate there. */
export interface TokenEndpoint {
  readonly url: string
  /** `token_endpoint_auth_methods_supported` (RFC 8414 §2), where it is known. */
  readonly methods?: readonly unknown[]
}

/** Where the token endpoint is looked up. */
export interface Discovery {
  readonly issuer: string
  /** Limit of each request, in milliseconds. */
  readonly timeout: number
  readonly runtime: ClientRuntime
  /** Whether the client shows a certificate. Its endpoints may be others (RFC 8705 §5). */
  readonly certified: boolean
  readonly signal?: AbortSignal | undefined
}

const MAX_BYTES = 262_144

/**
 * Asks the authorization server for its token endpoint (OpenID Connect Discovery §4, RFC 8414 §3).
 *
 * The document must name the very issuer it was asked for (RFC 8414 §3.3) and an endpoint on its
 * origin: nothing that answers under this address can send the credential elsewhere.
 *
 * @throws {TokenSourceError} `issuer_mismatch`, `endpoint_not_trusted`, `unusable_answer`.
 * @throws {HttpFailure} if no document could be fetched.
 */
export async function discoverTokenEndpoint(discovery: Discovery): Promise<TokenEndpoint> {
  const { issuer } = discovery
  const document = await fetchMetadata(discovery)
  if (!isObject(document) || !endpointIn(document, discovery.certified)) {
    throw tokenSourceError('unusable_answer', {
      expected: `metadata of ${printable(issuer)} with a "token_endpoint"`,
      found: 'none',
      hint: 'name it in "tokenEndpoint"',
    })
  }
  if (document.issuer !== issuer) throw issuerMismatchError(issuer, document.issuer)
  const methods: unknown = document.token_endpoint_auth_methods_supported
  const url = trustEndpoint(issuer, endpointIn(document, discovery.certified))
  return { url, ...(Array.isArray(methods) && { methods }) }
}

/** The token endpoint, or an empty text. An alias goes before it for clients with a certificate. */
function endpointIn(document: JsonObject, certified: boolean): string {
  const { mtls_endpoint_aliases: aliases } = document
  const alias = certified && isObject(aliases) ? aliases.token_endpoint : undefined
  return firstString(alias, document.token_endpoint) ?? ''
}

function trustEndpoint(issuer: string, endpoint: string): string {
  const url = readUrl(endpoint)
  // Fetch takes no address with a user in it, and would quote it in its refusal.
  if (url && url.origin === new URL(issuer).origin && !url.username && !url.password)
    return url.href
  const found = !url
    ? 'none that is an address'
    : url.username
      ? 'one with a user in it'
      : `one on ${url.origin}`
  throw tokenSourceError('endpoint_not_trusted', {
    expected: `the token endpoint of ${printable(issuer)} on its own origin`,
    found: printable(found),
    hint: 'if that is right, name it in "tokenEndpoint"',
  })
}

async function fetchMetadata({ issuer, timeout, runtime, signal }: Discovery): Promise<unknown> {
  const absences: { readonly url: string; readonly status: number | undefined }[] = []
  for (const url of wellKnownLocations(issuer)) {
    try {
      return await getJson(runtime, { url, timeout, maxBytes: MAX_BYTES, signal })
    } catch (error) {
      // Any other failure would be the same at the next address.
      if (!(error instanceof HttpFailure && isAbsence(error.status))) throw error
      absences.push({ url, status: error.status })
    }
  }
  const found = absences.map(({ url, status }) => `status ${status} from ${place(url)}`)
  const reason = { expected: `metadata of issuer ${printable(issuer)}`, found: found.join(', ') }
  throw tokenSourceError(
    'issuer_mismatch',
    { ...reason, hint: hintAtPath(issuer) },
    { status: absences.at(-1)?.status },
  )
}

/** Unknown paths get 404 of most servers, and an empty 403 of the Java Verifiers. */
function hintAtPath(issuer: string): string {
  return new URL(issuer).pathname === '/'
    ? 'is the context path missing, for instance /verifier?'
    : 'is its path right?'
}

function issuerMismatchError(expected: string, found: unknown): TokenSourceError {
  const stated = typeof found === 'string' ? found : ''
  const difference = likelyDifference([expected], [stated])
  const advice = 'state the issuer exactly as the server does; the client authenticates to no other'
  return tokenSourceError('issuer_mismatch', {
    expected: `metadata of issuer ${quote(expected)}`,
    found: stated === '' ? 'metadata without one' : `those of ${quote(stated)}`,
    hint: difference === undefined ? advice : `${difference}; ${advice}`,
  })
}
