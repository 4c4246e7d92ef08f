/*
 * Reads fields of a request, whatever made it: a framework, a gateway or a message. Request and
 * name in, how the field was sent out (RFC 9110 §5).
 */

/**
 * The part of an HTTP request that a decision needs. A web `Request`, Node's `IncomingMessage` and
 * Express' `req` fit as they are.
 */
export interface RequestLike {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** The URL before a framework took a mount path from it, as Express keeps it. */
  readonly originalUrl?: string | undefined
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

/** A field's value; or, where no single text stands for what was sent, what that was. */
export type Field = string | undefined | { readonly several: number } | { readonly unfit: unknown }

/**
 * Reads one field. With several of a name, a proxy may have read another one than this server
 * would (RFC 9110 §5.3), so none of them is the value.
 *
 * @param name in lower case
 */
export function fieldOf({ headers, rawHeaders }: RequestLike, name: string): Field {
  const sent = rawHeaders === undefined ? 1 : timesSent(rawHeaders, name)
  if (sent > 1) return { several: sent }
  if (typeof headers !== 'object' || headers === null) return { unfit: headers }
  if (typeof headers.get === 'function')
    return textOf((headers as WebHeaders).get(name) ?? undefined)
  // Node's names come in lower case, those of API gateways as the caller wrote them (§5.1).
  if (rawHeaders !== undefined) return textOf((headers as NodeHeaders)[name])
  return inAnySpelling(headers as NodeHeaders, name)
}

function inAnySpelling(headers: NodeHeaders, name: string): Field {
  let several = 0
  let value: unknown
  for (const spelling of Object.keys(headers)) {
    if (!isName(spelling, name)) continue
    several += 1
    value = headers[spelling]
  }
  return several > 1 ? { several } : textOf(value)
}

/** Whether the query has a parameter of this name, as servers read it. */
export function isInQuery({ url }: RequestLike, name: string): boolean {
  const query = typeof url === 'string' ? url.indexOf('?') : -1
  if (query === -1) return false
  // Every request pays for this look; only a name with escaped characters takes a closer one.
  if (!url!.includes(name, query) && !url!.includes('%', query)) return false
  return new URLSearchParams(url!.slice(query)).has(name)
}

function textOf(value: unknown): Field {
  if (Array.isArray(value) && value.length > 1) return { several: value.length }
  const one: unknown = Array.isArray(value) ? value[0] : value
  return typeof one === 'string' || one === undefined ? one : { unfit: one }
}

function timesSent(rawHeaders: readonly string[], name: string): number {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (isName(rawHeaders[index]!, name)) count += 1
  }
  return count
}

function isName(spelling: string, name: string): boolean {
  return spelling.length === name.length && spelling.toLowerCase() === name
}
