/**
 * Decides on access tokens issued by a Verifier: signature, issuer, audience, expiry, kind, scopes and mandate powers.
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
} from './options.js'
export type { AuthContext, Claims } from './context.js'
export { resourceServerOf } from './context.js'
export type { RequestLike } from './request.js'
export type { JwsHeader } from './jws.js'
export type { Jwk, JwkSet } from './key.js'
export type { KeySetHealth } from './key-set.js'
export type { Algorithm } from './algorithms.js'
export type { Kind, ProfileName } from './profiles.js'
export * from './requirements.js'
export type * from './credential.js'
export { ERRORS, GuardError } from './errors.js'
export type { Answer, ErrorCode, ErrorKind, Reason } from './errors.js'
export type * from './events.js'
export { systemRuntime } from './runtime.js'
export type { Runtime } from './runtime.js'
