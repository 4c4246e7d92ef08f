import type { Server } from 'node:http'
import type { AuthContext, Requirement, ResourceServerOptions, Runtime } from '@verifier-guard/core'
import type { AuthOptions, BoundRequirements, Closable } from '@verifier-guard/core/support'
import type { WebSocket } from 'ws'

/** An application in data and functions, for any framework to build. */
export interface Application {
  readonly mounts: readonly Mount[]
  /** Answers pages of other origins, by what the framework knows of CORS, ahead of every guard. */
  readonly cors?: boolean
  /** Believes what a proxy says of the caller. */
  readonly proxied?: boolean
  /** Answers 504 `late` once this is settled, and lets the request go on: a time-out. */
  readonly timeout?: Promise<unknown>
  readonly errors?: ErrorHandling
}

/** A guard, or none. Plain data, unless its options hold functions. */
export interface Guarded {
  readonly options?: ResourceServerOptions
  readonly authOptions?: AuthOptions
  /** Puts `auth` itself there, as a user does who forgets to call it. */
  readonly uncalled?: boolean
}

/** A part of the application; `''` is its root. */
export interface Mount extends Guarded {
  readonly path: string
  readonly routes: readonly Route[]
}

/** A route, and what it asks beyond the guard of its mount: a guard within, and a requirement. */
export type Route = Guarded &
  Served & {
    readonly method: 'get' | 'post' | 'options'
    readonly path: string
    /** What other middleware puts in the place of the caller, ahead of the requirement. */
    readonly replaced?: object
    readonly requirement?: <Handler, Own>(kit: Kit<Handler, Own>) => Handler & Requirement<Own>
  }

type Served =
  /** Answers a string as text, anything else as JSON. */
  | { readonly handle: (call: Call) => unknown }
  /** Answers `first`, and `last` when the caller's token expires by this clock. */
  | { readonly stream: Runtime }
  /** Never answers. */
  | { readonly silent: true }
  /** Takes a WebSocket: built where the framework does that itself, left out elsewhere. */
  | { readonly socket: (socket: WebSocket, auth: AuthContext) => void }

/** A route that answers requests. */
export type AnsweringRoute = Exclude<Route, { readonly socket: unknown }>

/** A request as a handler sees it. */
export interface Call {
  readonly auth: AuthContext | undefined
  authOf(): AuthContext
  optionalAuthOf(): AuthContext | undefined
}

/** What an adapter exports for handlers to ask who calls. */
export interface Readers {
  authOf(own: object): AuthContext
  optionalAuthOf(own: object): AuthContext | undefined
}

/**
 * The functions of an adapter that make requirements, and a way to read a header from its
 * framework's request.
 */
export interface Kit<Handler, Own> extends BoundRequirements<Handler, Own> {
  readonly header: (request: Own, name: string) => string | undefined
}

/** The application's own error handling: the way it takes, and what it answers. */
export interface ErrorHandling {
  readonly way: string
  /** @returns `undefined` to leave the error to others */
  readonly answer: (error: unknown) => Reply | undefined
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: object
}

/** The ways to handle errors that a framework knows, by what comes of a refusal there. */
export interface ErrorWays {
  /** It is answered. */
  readonly answering: readonly string[]
  /** It is seen, and left to others. */
  readonly passing: readonly string[]
  /** It is not even seen. */
  readonly missing: readonly string[]
}

/** An application, listening on loopback. */
export interface Running {
  readonly url: string
  /** Its server, where that is in this thread. */
  readonly server?: Server
  close(): Promise<unknown>
}

export type Suite =
  'contract' | 'error-handlers' | 'events' | 'late' | 'mistakes' | 'nonces' | 'surroundings'

/** One version of one framework: builds any application. */
export interface Driver {
  /** The framework and its version as installed. */
  readonly name: string
  /** Why it can't run here: the contract names it instead. */
  readonly unavailable?: string
  /** Default: all. */
  readonly suites?: readonly Suite[]
  /**
   * What it has no form for: a requirement without a guard, a guard within a guard, patterns of
   * routes. Default: none.
   */
  readonly lacks?: readonly ('unguarded' | 'nested' | 'routes')[]
  /** It builds routes with a `socket`. */
  readonly sockets?: true
  readonly errorWays: ErrorWays
  build(application: Application): Promise<Running>
}

/** What goes wrong in these suites does so on purpose: where there is a listener, nothing warns. */
export const heard = { denied: () => {}, keySetFailed: () => {}, statusListFailed: () => {} }

/** What stands before a mount or a route: one handler, or none. */
export function guardsOf<Handler>(
  auth: (options: ResourceServerOptions, authOptions?: AuthOptions) => Handler,
  { options, authOptions, uncalled }: Guarded,
): readonly Handler[] {
  if (uncalled) return [auth as unknown as Handler]
  if (options === undefined) return []
  const guard = auth(options, authOptions)
  open.push(guard as Partial<Closable>)
  return [guard]
}

const open: Partial<Closable>[] = []

/** Ends the timers of every guard that was made: an application that closes does so. */
export function closeGuards(): void {
  for (const guard of open.splice(0)) guard.close?.()
}

/** What a handler asks of an adapter about a request. */
export function callOf(
  { authOf, optionalAuthOf }: Readers,
  own: object,
  auth: AuthContext | undefined,
): Call {
  return { auth, authOf: () => authOf(own), optionalAuthOf: () => optionalAuthOf(own) }
}
