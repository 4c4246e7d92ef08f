/* How calls of each kind carry credentials, and where their caller is kept. */
import type { ArgumentsHost, ExecutionContext } from '@nestjs/common'
import type { AuthContext, GuardError, HeaderFields, RequestLike } from '@verifier-guard/core'

/** How calls of one kind of context carry credentials, and how they are denied. */
export interface CredentialTransport {
  /** Nest's name of the context: `http`, `graphql`, `ws`, `rpc` or one of another package. */
  readonly type: string
  /** The request with the credentials in its headers. `undefined` counts as no credentials. */
  readonly request: (host: ArgumentsHost) => RequestLike | undefined
  /** Adds the header fields of a success to the answer. Default: there are none. */
  readonly answer?: (headers: HeaderFields, host: ArgumentsHost) => void
  /**
   * The error that makes Nest answer as this kind of client expects. A promise that never settles
   * leaves the answer to the transport.
   */
  readonly refusal: (error: GuardError, host: ArgumentsHost) => Error | Promise<Error>
}

/** The caller of a call, once a guard has decided. `auth` is `undefined` for an anonymous one. */
export interface CallerEntry {
  readonly auth: AuthContext | undefined
}

const callers = Symbol.for('@verifier-guard/nestjs/callers')

interface Call {
  [callers]?: Map<unknown, CallerEntry>
}

// Positions among Nest's arguments, from the front or the back, in order of preference. Elsewhere
// the first argument holds both.
const OWN: Readonly<Record<string, readonly number[]>> = { graphql: [-2], rpc: [1, 0] }
/** The fields of one GraphQL operation share its context, and the messages of a client share it. */
const CALL: Readonly<Record<string, readonly number[]>> = {
  graphql: [-1, -2],
  rpc: [1, 0],
  ws: [1, 0],
}

function objectAt(host: ArgumentsHost, positions: readonly number[] = [0]): object {
  const found = positions.map((position) => host.getArgs<unknown[]>().at(position))
  return found.find((value): value is object => typeof value === 'object' && value !== null) ?? {}
}

/** The framework's own request, client or context: what an application's functions get to see. */
export function ownRequest(host: ArgumentsHost): object {
  return objectAt(host, OWN[host.getType<string>()])
}

/** Hands the caller on to the handler. In HTTP, `request.auth` is the caller as well. */
export function setCaller(context: ExecutionContext, auth: AuthContext | undefined): void {
  const call: Call = objectAt(context, CALL[context.getType<string>()])
  const known = call[callers] ?? new Map<unknown, CallerEntry>()
  Object.defineProperty(call, callers, {
    value: known.set(placeOf(context, call), { auth }),
    configurable: true,
  })
  if (context.getType() === 'http') Object.assign(call, { auth })
}

/**
 * What {@link setCaller} set; `undefined` where no guard ran. A member `auth` of a request or a
 * message never counts: other middleware sets it, and senders write their own messages.
 */
export function getCaller(context: ExecutionContext): CallerEntry | undefined {
  const call: Call = objectAt(context, CALL[context.getType<string>()])
  return call[callers]?.get(placeOf(context, call))
}

/** A message that is no object leaves only the client to keep its caller on: one per handler. */
function placeOf(context: ExecutionContext, call: Call): unknown {
  return context.getType() === 'ws' && call === context.getArgByIndex<unknown>(0)
    ? context.getHandler()
    : undefined
}
