import { createTokenSource, type TokenSource } from '@verifier-guard/client'

/** The client of an authorization server, for one API. */
export interface ShopOptions {
  readonly authorizationServer: string
  readonly clientId: string
  readonly privateKey: string
  /** The public address of the API. */
  readonly orders: string
}

/** Tokens for the orders API, bound to a key that this process makes. */
export function connect({ orders, ...client }: ShopOptions): TokenSource {
  return createTokenSource({
    ...client,
    resource: orders,
    scope: 'orders:read',
    allowedOrigins: [new URL(orders).origin],
    dpop: true,
  })
}
