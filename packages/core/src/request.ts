/**
 * The part of an HTTP request that a decision needs. A web `Request`, Node's `IncomingMessage` and Express' `req` fit as they are.
 */
export interface RequestLike {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: WebHeaders | NodeHeaders
  /** Node's list of header names and values in turn, as they came: shows a field sent twice, which `headers` hides. */
  readonly rawHeaders?: readonly string[]
}

interface WebHeaders {
  get(name: string): string | null
}

type NodeHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The value of the `Authorization` field, `undefined` where there is none, or `repeated` where the request has more than one.
 *
 * Several credentials in one request are ambiguous: a proxy may have judged another one than we would (RFC 6750 §2, RFC 9110 §5.3).
 */
export function authorizationOf(request: RequestLike): string | undefined | { readonly repeated: number } {
  const repeated = request.rawHeaders === undefined ? 1 : countAuthorization(request.rawHeaders)
  if (repeated > 1) return { repeated }
  if (typeof request.headers.get === 'function')
    return (request.headers as WebHeaders).get('authorization') ?? undefined
  const value = (request.headers as NodeHeaders)['authorization']
  return Array.isArray(value) ? unlist(value as readonly string[]) : (value as string | undefined)
}

function unlist(values: readonly string[]): string | undefined | { readonly repeated: number } {
  return values.length > 1 ? { repeated: values.length } : values[0]
}

const AUTHORIZATION = 'authorization'

function countAuthorization(rawHeaders: readonly string[]): number {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name.length === AUTHORIZATION.length && name.toLowerCase() === AUTHORIZATION) count += 1
  }
  return count
}
