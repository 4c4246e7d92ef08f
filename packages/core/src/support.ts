/**
 * The parts of core that the other packages of this project build on. Not meant for applications: it may change with any release.
 *
 * @packageDocumentation
 */
export { exchange, getJson, HttpFailure, retryAfter } from './http.js'
export type { BoundedAnswer, BoundedRequest, HttpFailureReason } from './http.js'
export { configurationError } from './errors.js'
export { sharesWork, systemRuntime } from './runtime.js'
export type { Runtime } from './runtime.js'
export {
  createGuard,
  isRefusal,
  liftRequirements,
  missingGuard,
  possibleCaller,
  presentCaller,
  settle,
} from './adapter.js'
export type { AuthOptions, Guard, Lifted } from './adapter.js'
export { protectUpgrade } from './upgrade.js'
export type { UpgradeOptions, UpgradeSocket } from './upgrade.js'
export { whenExpired } from './when-expired.js'
export { wellKnownLocations } from './metadata.js'
export { describeInsecure } from './url.js'
