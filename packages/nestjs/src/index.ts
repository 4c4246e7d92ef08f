/**
 * Guards NestJS applications with access tokens of a Verifier.
 *
 * @packageDocumentation
 */
export * from '@verifier-guard/core'
export { protectUpgrade, whenExpired } from '@verifier-guard/core/support'
export type { AuthOptions } from '@verifier-guard/core/support'
export { VerifierGuardModule } from './module.js'
export type { VerifierGuardOptionsFactory } from './module.js'
export type { SharedResourceServer, VerifierGuardExtras, VerifierGuardOptions } from './guards.js'
export { AccessTokenGuard } from './guard.js'
export { allowWithoutToken } from './decision.js'
export {
  Kinds,
  OptionalAuth,
  Powers,
  Public,
  RequiredBinding,
  RequiredClaims,
  Requires,
  Scopes,
  Tenant,
} from './decorators.js'
export type { AccessDecorator } from './decorators.js'
export { AccessToken, Auth, ClientId, TenantId } from './parameters.js'
export type { CredentialTransport } from './transport.js'
