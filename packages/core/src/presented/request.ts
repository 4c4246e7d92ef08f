/**
 * The part of an HTTP request that a decision needs. A web `Request`, Node's `IncomingMessage` and
 * Express' `req` fit as they are.
 */
export interface RequestLike {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: WebHeaders | NodeHeaders
  /**
   * Node's list of header names and values in turn, as they came: shows a field sent twice, which
   * `headers` hides.
   */
  readonly rawHeaders?: readonly string[]
}

interface WebHeaders {
  get(name: string): string | null
}

type NodeHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** More than one credential in a request, in words. */
export interface Ambiguous {
  readonly ambiguous: string
}

/**
 * The value of the `Authorization` field, `undefined` where there is none, or what makes it
 * ambiguous.
 *
 * With several credentials in one request, a proxy may have judged another one than we would (RFC
 * 6750 §2, RFC 9110 §5.3).
 */
export function authorizationOf(request: RequestLike): string | undefined | Ambiguous {
  const { headers, rawHeaders } = request
  const repeated = rawHeaders === undefined ? 1 : countAuthorization(rawHeaders)
  if (repeated > 1) return several(repeated)
  const value = fieldOf(headers) ?? (rawHeaders === undefined ? fieldInAnyCase(headers) : undefined)
  const query = request.url?.indexOf('?') ?? -1
  return (
    (typeof value === 'string' && query !== -1 ? tokenIn(request.url!, query) : undefined) ?? value
  )
}

function fieldOf(headers: WebHeaders | NodeHeaders): string | undefined | Ambiguous {
  if (typeof headers.get === 'function')
    return (headers as WebHeaders).get(AUTHORIZATION) ?? undefined
  const value = (headers as NodeHeaders)[AUTHORIZATION]
  if (typeof value === 'string' || value === undefined) return value
  return value.length > 1 ? several(value.length) : value[0]
}

/**
 * API gateways hand the names over as the caller wrote them (RFC 9110 §5.1); Node's and web headers
 * come in lower case.
 */
function fieldInAnyCase(headers: WebHeaders | NodeHeaders): string | undefined | Ambiguous {
  if (typeof headers.get === 'function') return undefined
  const values = Object.keys(headers)
    .filter(isAuthorization)
    .flatMap((name) => (headers as NodeHeaders)[name] ?? [])
  return values.length > 1 ? several(values.length) : values[0]
}

function isAuthorization(name: string): boolean {
  return name.length === AUTHORIZATION.length && name.toLowerCase() === AUTHORIZATION
}

const AUTHORIZATION = 'authorization'

/** A token in the query is never read (RFC 9700 §4.3.2), but beside another it is a second one. */
function tokenIn(url: string, query: number): Ambiguous | undefined {
  // Every request pays for this look; only a name with escaped characters takes a closer one, as
  // servers read it.
  if (!url.includes('access_token', query) && !url.includes('%', query)) return undefined
  return new URLSearchParams(url.slice(query)).has('access_token')
    ? { ambiguous: 'an Authorization field and "access_token" in the query' }
    : undefined
}

function several(count: number): Ambiguous {
  return { ambiguous: `${count} Authorization fields` }
}

function countAuthorization(rawHeaders: readonly string[]): number {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (isAuthorization(rawHeaders[index]!)) count += 1
  }
  return count
}
