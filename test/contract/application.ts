import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { AuthContext, Requirement, ResourceServerOptions } from '@verifier-guard/core'
import type { AuthOptions, BoundRequirements } from '@verifier-guard/core/support'

/**
 * A part of the application with a guard of its own, or none. Plain data, so that it can be sent to
 * another thread.
 */
export interface Mount {
  readonly path: string
  readonly options?: ResourceServerOptions
  readonly authOptions?: AuthOptions
}

/**
 * The functions of an adapter that make requirements, and a way to read a header from its
 * framework's request.
 */
export interface Kit<Handler, Own> extends BoundRequirements<Handler, Own> {
  readonly header: (request: Own, name: string) => string | undefined
}

/** A route that each mount has. */
export interface Route {
  readonly method: 'get' | 'post' | 'options'
  readonly path: string
  readonly requirement?: <Handler, Own>(kit: Kit<Handler, Own>) => Handler & Requirement<Own>
  readonly handle: (auth: AuthContext | undefined) => unknown
}

/** A driver's application, listening on loopback. */
export interface Running {
  readonly url: string
  close(): Promise<unknown>
}

/** Builds the application of the contract in one framework: every route under every mount. */
export interface Driver {
  /** The framework and its version as installed. */
  readonly name: string
  /** Why it can't run here: it is named in the table instead. */
  readonly unavailable?: string
  /** Its requirements can't be stated without a guard. */
  readonly alwaysGuarded?: boolean
  start(mounts: readonly Mount[]): Promise<Running>
}

/** What a handler saw of its caller. */
function seen(auth: AuthContext | undefined) {
  if (auth === undefined) return { caller: null }
  const { issuer, subject, clientId, scopes, tenant, kind, powers, expiresAt, mandate } = auth
  const organization = mandate?.mandator.organizationIdentifier
  return {
    caller: { issuer, subject, clientId, scopes, tenant, kind, powers, expiresAt, organization },
  }
}

/** Where lists are trusted, but can't be had: `fetch` refuses the port. */
export const LOST_LISTS = 'http://127.0.0.1:1/lists'
export const ISSUER_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI',
  y: 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU',
}

export const power = { domain: 'DOME', function: 'ProductOffering', action: 'Create' }

/** Every route, in the terms of whatever adapter is driven. */
export const routes: readonly Route[] = [
  { method: 'get', path: '/me', handle: seen },
  { method: 'options', path: '/asked', handle: seen },
  {
    method: 'post',
    path: '/scopes',
    requirement: ({ requiredScopes }) => requiredScopes(['orders:read', 'orders:write']),
    handle: seen,
  },
  {
    method: 'get',
    path: '/power',
    requirement: ({ requiredPower }) => requiredPower(power),
    handle: seen,
  },
  {
    method: 'get',
    path: '/tenant',
    requirement: ({ requiredTenant, header }) =>
      requiredTenant((request) => header(request, 'x-wanted-tenant')),
    handle: seen,
  },
  {
    method: 'get',
    path: '/claim',
    requirement: ({ requiredClaim }) => requiredClaim('team', { equals: 'red' }),
    handle: seen,
  },
  {
    method: 'get',
    path: '/kind',
    requirement: ({ requiredKind }) => requiredKind('machine'),
    handle: seen,
  },
  {
    method: 'get',
    path: '/any',
    requirement: ({ anyOf, requiredScopes, requiredPower }) =>
      anyOf(requiredScopes('orders:write'), requiredPower(power)),
    handle: seen,
  },
  {
    method: 'get',
    path: '/all',
    requirement: ({ allOf, requiredScopes, requiredPower }) =>
      allOf(requiredScopes('orders:write'), requiredPower(power)),
    handle: seen,
  },
  {
    method: 'get',
    path: '/status',
    requirement: ({ requiredStatus }) => requiredStatus(),
    handle: seen,
  },
  {
    method: 'get',
    path: '/careless',
    requirement: ({ requiredRule }) =>
      requiredRule('a rule that fails', () => {
        throw new Error('detail of the rule')
      }),
    handle: seen,
  },
  {
    method: 'get',
    path: '/broken',
    handle: () => {
      throw new Error('the application itself failed')
    },
  },
]

/**
 * What goes wrong in the cases does so on purpose: where somebody listens, nothing is warned of.
 * @returns the end of it
 */
export function listenToAll(): () => void {
  const channels = ['denied', 'keySetFailed'].map((event) => `verifier-guard:${event}`)
  const listener = () => {}
  for (const channel of channels) subscribe(channel, listener)
  return () => channels.forEach((channel) => unsubscribe(channel, listener))
}
