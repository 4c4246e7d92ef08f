import type { ArgumentsHost, ExecutionContext } from '@nestjs/common'
import type { AuthContext, GuardError, HeaderFields, RequestLike } from '@verifier-guard/core'

/** How calls of one kind of context carry credentials, and how they are refused. */
export interface CredentialTransport {
  /** Nest's name of the context: `http`, `graphql`, `ws`, `rpc` or one of another package. */
  readonly type: string
  /**
   * The request with the credentials in its headers; `undefined` where there is none to look at,
   * which refuses.
   */
  readonly request: (host: ArgumentsHost) => RequestLike | undefined
  /** Adds the fields of a success to the answer, where the transport has any. */
  readonly answer?: (headers: HeaderFields, host: ArgumentsHost) => void
  /**
   * The error that makes Nest answer as this kind of caller expects; late or never where the answer
   * is given already.
   */
  readonly refusal: (error: GuardError, host: ArgumentsHost) => Error | Promise<Error>
}

/** Who a call is from, once a guard has judged; `auth` is `undefined` for nobody. */
export interface Caller {
  readonly auth: AuthContext | undefined
}

const callers = Symbol.for('@verifier-guard/nestjs/callers')

interface Call {
  [callers]?: Map<unknown, Caller>
}

// Positions among Nest's arguments, from the front or the back, in order of preference; elsewhere
// the first holds both.
const OWN: Readonly<Record<string, readonly number[]>> = { graphql: [-2], rpc: [1, 0] }
/**
 * The fields of one GraphQL operation share its context, and a client's messages the client: what
 * is theirs alone are these.
 */
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

/** Hands the caller on to the handler; in HTTP it is found as `request.auth` too. */
export function setCaller(context: ExecutionContext, auth: AuthContext | undefined): void {
  const call: Call = objectAt(context, CALL[context.getType<string>()])
  const known = call[callers] ?? new Map<unknown, Caller>()
  Object.defineProperty(call, callers, {
    value: known.set(placeOf(context, call), { auth }),
    configurable: true,
  })
  if (context.getType() === 'http') Object.assign(call, { auth })
}

/**
 * What {@link setCaller} set, or what a guard in its place left as `auth` on the request;
 * `undefined` where no guard ran.
 */
export function getCaller(context: ExecutionContext): Caller | undefined {
  const call: Call = objectAt(context, CALL[context.getType<string>()])
  const { auth } = ownRequest(context) as { auth?: AuthContext }
  return call[callers]?.get(placeOf(context, call)) ?? (auth && { auth })
}

/**
 * A message that is no object has nothing but the client to keep its caller on, which other
 * handlers do too.
 */
function placeOf(context: ExecutionContext, call: Call): unknown {
  return context.getType() === 'ws' && call === context.getArgByIndex<unknown>(0)
    ? context.getHandler()
    : undefined
}
