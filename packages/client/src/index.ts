/**
 * Access tokens for machine-to-machine calls, from a Verifier or any other OAuth 2.1 authorization
 * server.
 *
 * @packageDocumentation
 */
export { createTokenSource } from './token-source.js'
export type { GetTokenOptions, TokenSource, TokenSourceHealth } from './token-source.js'
export type {
  CertificateOptions,
  ClientSecretOptions,
  CommonOptions,
  KeyOptions,
  PresentationOptions,
  PrivateKeyJwtOptions,
  TokenSourceOptions,
} from './options.js'
export type { AssertionType } from './assertion.js'
export type { SecretMethod } from './client-authentication.js'
export type { MtlsOptions } from './mtls.js'
export type { RequestTarget } from './proof.js'
export type { ProofSigner, PublicJwk } from './proof-key.js'
export type { ApiAnswer, Replaceable, RequestFields, SentRequest } from './sending.js'
export type { TokenFetch } from './fetch.js'
export type { TokenParameters } from './parameters.js'
export type { PrivateJwk, PrivateKeyInput } from './key.js'
export type { SigningAlgorithm } from './algorithms.js'
export { ecdsaSignatureFromDer } from './signer.js'
export type { Signer } from './signer.js'
export { TOKEN_SOURCE_ERRORS, TokenSourceError } from './errors.js'
export type { ChecklistItem, TokenSourceErrorCode, TokenSourceErrorKind } from './errors.js'
export type { TokenSourceEvents, TokenSourceListeners } from './events.js'
export type { TokenRequestTrace } from './request.js'
export { clientRuntime } from './runtime.js'
export type { ClientRuntime } from './runtime.js'
