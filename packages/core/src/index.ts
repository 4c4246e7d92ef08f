/**
 * Decides on access tokens issued by a Verifier: signature, issuer, audience, expiry, kind, scopes
 * and mandate powers.
 *
 * @packageDocumentation
 */
export { createResourceServer } from './resource-server.js'
export type { Admission } from './decision.js'
export type { AdmitOptions, ResourceServer, ResourceServerHealth } from './server.js'
export { probes } from './probes.js'
export type { ProbeAnswer, Probes } from './probes.js'
export type {
  CacheOptions,
  CorrelationId,
  IssuerLookup,
  IssuerOptions,
  KeySetOptions,
  IdTokens,
  KeySource,
  ResourceServerOptions,
  TrustOptions,
} from './options/options.js'
export type {
  DpopOptions,
  NonceOptions,
  ProofAlgorithm,
  ReplayOptions,
  ReplayStore,
} from './options/dpop.js'
export type {
  CertificateField,
  CertificateFormat,
  CertificateFunction,
  CertificatePreset,
  CertificateSource,
  CertificateText,
} from './options/certificate.js'
export type { ListSigner, StatusListOptions, TrustedLists } from './options/status-lists.js'
export type { CallerKind, ProfileName } from './options/profiles.js'
export type { AuthContext, Claims } from './context.js'
export type { Confirmation } from './rules/confirmation.js'
export type { RequestLike } from './presented/request.js'
export type { Algorithm } from './jwt/algorithms.js'
export type { HttpFailureReason } from './kit/http.js'
export type { JwsHeader } from './jwt/jws.js'
export type { Jwk, JwkSet } from './jwt/key.js'
export type { NodeKey, PublicKey, PublicKeys } from './jwt/public-keys.js'
export type { KeySetHealth } from './issuers/key-set.js'
export type { StatusListHealth } from './status/kept-list.js'
export * from './requirements/index.js'
export type {
  Credential,
  CredentialStatus,
  Mandate,
  Mandatee,
  Mandator,
  Power,
} from './credential/credential.js'
export { ERRORS, GuardError } from './kit/errors.js'
export type {
  DenialCheck,
  DenialReason,
  ErrorCode,
  ErrorKind,
  HeaderFields,
  FieldPair,
  HttpAnswer,
  Refusal,
  Scheme,
} from './kit/errors.js'
export type { AboutRequest, EventListeners, GuardEvents } from './kit/events.js'
export { systemRuntime } from './kit/runtime.js'
export type { Runtime } from './kit/runtime.js'
