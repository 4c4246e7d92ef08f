/**
 * Decides on access tokens issued by a Verifier: signature, issuer, audience, expiry, kind, scopes
 * and mandate powers.
 *
 * @packageDocumentation
 */
export { createResourceServer } from './resource-server.js'
export type { Health, ResourceServer } from './resource-server.js'
export type {
  CacheOption,
  IssuerLookup,
  IssuerOptions,
  KeySetOption,
  KeysOption,
  ResourceServerOptions,
  TrustOptions,
} from './options/options.js'
export type { AuthContext, Claims } from './context.js'
export type { RequestLike } from './presented/request.js'
export type { JwsHeader } from './jwt/jws.js'
export type { Jwk, JwkSet } from './jwt/key.js'
export type { KeySetHealth } from './issuers/key-set.js'
export type { Algorithm } from './jwt/algorithms.js'
export type { Kind, ProfileName } from './options/profiles.js'
export * from './requirements/index.js'
export type * from './credential/credential.js'
export { ERRORS, GuardError } from './kit/errors.js'
export type { Answer, ErrorCode, ErrorKind, Reason } from './kit/errors.js'
export type * from './kit/events.js'
export { systemRuntime } from './kit/runtime.js'
export type { Runtime } from './kit/runtime.js'
