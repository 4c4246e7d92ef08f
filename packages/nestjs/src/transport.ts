import type { ArgumentsHost } from '@nestjs/common'
import type { AuthContext, GuardError, RequestLike } from '@verifier-guard/core'

/** How calls of one kind of context carry credentials, and how they are refused. */
export interface Transport {
  /** Nest's name of the context: `http`, `graphql`, `ws`, `rpc` or one of another package. */
  readonly type: string
  /** The request with the credentials in its headers; `undefined` where there is none to look at, which refuses. */
  readonly request: (host: ArgumentsHost) => RequestLike | undefined
  /** The error that makes Nest answer as this kind of caller expects. */
  readonly refusal: (error: GuardError, host: ArgumentsHost) => Error
}

const caller = Symbol.for('@verifier-guard/nestjs/caller')

interface Carrier {
  [caller]?: { readonly auth: AuthContext | undefined }
  auth?: AuthContext | undefined
}

/** Where each kind of context has the object that lasts as long as the call; elsewhere it comes first. */
const POSITIONS: Readonly<Record<string, number>> = { graphql: 2, rpc: 1 }

function carrierOf(host: ArgumentsHost): Carrier {
  return host.getArgByIndex<Carrier | undefined>(POSITIONS[host.getType<string>()] ?? 0) ?? {}
}

/** The framework's own request, client or context: what an application's functions get to see. */
export function ownRequest(host: ArgumentsHost): object {
  return carrierOf(host)
}

/** Hands the caller on to the handler; in HTTP it is found as `request.auth` too. */
export function setCaller(host: ArgumentsHost, auth: AuthContext | undefined): void {
  Object.assign(carrierOf(host), { [caller]: { auth }, auth })
}

/** What {@link setCaller} set; `undefined` where no guard ran. */
export function getCaller(host: ArgumentsHost): { readonly auth: AuthContext | undefined } | undefined {
  return carrierOf(host)[caller]
}
