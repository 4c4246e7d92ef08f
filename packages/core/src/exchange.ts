/*
 * A request and its answer, as events know them: where it goes, and the one verdict that all guards
 * on its way share. Verdicts in, at most one event out.
 */
import type { FieldPair } from './kit/errors.js'
import type { RequestLike } from './presented/request.js'

/** What is known of a request that is decided on. */
export interface RequestInfo {
  /** The request, with its fields as they came; absent for a token presented alone. */
  readonly request?: RequestLike | undefined
  /** The framework's own request, for functions of the application. Default: the request. */
  readonly own?: unknown
  /**
   * What stays the same where middleware puts a copy in the place of the request. Default: the
   * request.
   */
  readonly identity?: object | undefined
  /** The pattern of the route, without its query. Read late: many frameworks know it late. */
  readonly route?: (() => string | undefined) | undefined
}

/** A request in the hands of an adapter, until it is answered. */
export interface Exchange extends RequestInfo {
  readonly request: RequestLike
  /** The object that every guard of this request gets to see: the verdict is kept on it. */
  readonly key: object
  /**
   * Calls back once no guard can follow any more: with true where the request was answered, with
   * false where the caller left before. Registered once for all guards of a request.
   */
  readonly ended: (callback: (isAnswered: boolean) => void) => void
}

/** Publishes that a request is allowed, with the names of the requirements that were met. */
type Publish = (requirements: readonly string[]) => void

interface Verdict {
  isPublished: boolean
  publish?: Publish
  requirements: string[]
}

// Guards of two copies of this package may stand before one request.
const decisionKey = Symbol.for('@verifier-guard/core/verdict')

interface Decided {
  [decisionKey]?: Verdict
}

/**
 * Publishes that a request is allowed once no guard can refuse it any more. Of nested guards, the
 * last to allow it is the one that counts.
 */
export function allow({ key, ended }: Exchange, publish: Publish): void {
  const decided: Decided = key
  const known = decided[decisionKey]
  if (known !== undefined) return void Object.assign(known, { publish, requirements: [] })
  const own: Verdict = { isPublished: false, publish, requirements: [] }
  decided[decisionKey] = own
  ended((isAnswered) => {
    if (own.isPublished) return
    own.isPublished = true
    if (isAnswered) own.publish?.(own.requirements)
  })
}

/** Notes a requirement that the caller meets, for the event of the guard before it. */
export function meet({ key }: Exchange, requirement: string): void {
  const decided: Decided = key
  decided[decisionKey]?.requirements.push(requirement)
}

/** Whether a refusal is the first verdict that is published of its request; it is the last. */
export function deny({ key }: Exchange): boolean {
  const decided: Decided = key
  const known = (decided[decisionKey] ??= { isPublished: false, requirements: [] })
  const isFirst = !known.isPublished
  known.isPublished = true
  return isFirst
}

/** Publishes neither: a guard has failed, so that nothing is decided. */
export function withdraw(exchange: Exchange): void {
  deny(exchange)
}

const successFields = new WeakMap<object, readonly FieldPair[]>()

/**
 * Keeps what a success adds to the answer. A later guard may refuse, and a nonce belongs to the
 * answer whoever makes it (RFC 9449 §8.2).
 */
export function keepFields(
  { request, identity = request }: RequestInfo,
  fields: readonly FieldPair[],
): void {
  if (identity !== undefined) successFields.set(identity, fields)
}

/** What earlier guards of this request have added to its answer. */
export function keptFields({
  request,
  identity = request,
}: RequestInfo): readonly FieldPair[] | undefined {
  return identity && successFields.get(identity)
}

/** Whether what is asked about is in the hands of an adapter. */
export function isExchange(info: RequestInfo): info is Exchange {
  return 'ended' in info
}
