export { startDevVerifier } from './start.js'
export { createDevVerifier } from './verifier.js'
export type { DevVerifier } from './verifier.js'
export type { DevVerifierOptions, ListenOptions } from './options.js'
export type { RegisteredClient } from './assertion.js'
export type {
  DevVerifierEvents,
  FailedEvent,
  Listeners,
  RefusedEvent,
  TokenIssuedEvent,
} from './events.js'
export type { CredentialRequest, IssuedCredential } from './credentials.js'
export { dialects } from './dialects.js'
export type { DialectName } from './dialects.js'
export type { Kind, Mandatee, Mandator, Power } from './mandate.js'
export { faults } from './faults.js'
export type { Endpoint, FaultName, FaultOptions, FaultPlace } from './faults.js'
export type { Algorithm, Jwk, PrivateKeyForms, PrivateKeyInput } from './keys.js'
export type { Json } from './jwt.js'
export type { RotationOptions } from './key-ring.js'
export type { MintOptions } from './mint.js'
export type { ProfileName } from './profiles.js'
export { refusals } from './refusals.js'
export type { RefusalAnswer, RefusalCode } from './refusals.js'
export type { Runtime } from './runtime.js'
export type { StatusForm } from './status-list.js'
export { tokenShapes } from './token-shapes.js'
export type { TokenShapeName } from './token-shapes.js'
export { placements } from './tokens.js'
export type { Placement } from './tokens.js'
export { brokenTokens } from './variants.js'
export type { BrokenTokenName } from './variants.js'
export type { Machine, TokenRequestOptions } from './wallet.js'
