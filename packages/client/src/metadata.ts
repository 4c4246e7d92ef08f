import { getJson, HttpFailure, wellKnownLocations } from '@verifier-guard/core/support'
import { TokenSourceError } from './errors.js'
import { isObject } from './json.js'
import type { ClientRuntime } from './runtime.js'

/** Where the token endpoint is looked up. */
export interface Discovery {
  readonly issuer: string
  /** Limit of each request, in milliseconds. */
  readonly timeout: number
  readonly runtime: ClientRuntime
  readonly signal?: AbortSignal | undefined
}

const MAX_BYTES = 256 * 1024

/**
 * Asks the authorization server for its token endpoint (OpenID Connect Discovery §4, RFC 8414 §3).
 *
 * The document must name the very issuer it was asked for (RFC 8414 §3.3) and an endpoint on its origin: nothing that
 * answers under this address can send the credential elsewhere.
 *
 * @throws {TokenSourceError} `issuer_mismatch`, `endpoint_not_trusted`, `unusable_answer`.
 * @throws {HttpFailure} if no document could be had.
 */
export async function discoverTokenEndpoint(discovery: Discovery): Promise<string> {
  const { issuer } = discovery
  const document = await fetchMetadata(discovery)
  if (!isObject(document) || typeof document.token_endpoint !== 'string') {
    throw new TokenSourceError(
      'unusable_answer',
      `expected metadata with a \`token_endpoint\` from ${issuer}, got none; name it in \`tokenEndpoint\``,
    )
  }
  if (document.issuer !== issuer) throw issuerMismatch(issuer, document.issuer)
  if (originOf(document.token_endpoint) !== new URL(issuer).origin) {
    throw new TokenSourceError(
      'endpoint_not_trusted',
      `expected the token endpoint of ${issuer} on its own origin, its metadata names one on ` +
        `${originOf(document.token_endpoint)}; if that is right, name it in \`tokenEndpoint\``,
    )
  }
  return document.token_endpoint
}

async function fetchMetadata({ issuer, timeout, runtime, signal }: Discovery): Promise<unknown> {
  for (const url of wellKnownLocations(issuer)) {
    try {
      return await getJson(runtime, { url, timeout, maxBytes: MAX_BYTES, signal })
    } catch (error) {
      // 404 alone means "not here"; any other trouble would be the same at the next address.
      if (!(error instanceof HttpFailure && error.status === 404)) throw error
    }
  }
  throw noMetadata(issuer)
}

function noMetadata(issuer: string): TokenSourceError {
  const hint =
    new URL(issuer).pathname === '/' ? 'is the context path missing, for instance /verifier?' : 'is its path right?'
  const message = `expected metadata of issuer ${issuer}, got status 404 wherever they may be; ${hint}`
  return new TokenSourceError('issuer_mismatch', message, { status: 404 })
}

function issuerMismatch(expected: string, found: unknown): TokenSourceError {
  const name = typeof found === 'string' && originOf(found) !== undefined ? found : 'no usable issuer'
  return new TokenSourceError(
    'issuer_mismatch',
    `expected the metadata of issuer ${expected}, got those of ${name}; the credential is presented to no other issuer`,
  )
}

function originOf(url: string): string | undefined {
  try {
    return new URL(url).origin
  } catch {
    return undefined
  }
}
