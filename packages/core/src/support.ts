/**
 * The parts of core that the other packages of this project build on. Not meant for applications:
 * it may change with any release.
 *
 * @packageDocumentation
 */
export { exchange, getJson, HttpFailure, retryAfter } from './kit/http.js'
export type { BoundedAnswer, BoundedRequest, HttpFailureReason } from './kit/http.js'
export { configurationError } from './kit/errors.js'
export { builtinModule, sharesWork, systemRuntime } from './kit/runtime.js'
export type { Runtime } from './kit/runtime.js'
export {
  createGuard,
  isRefusal,
  liftRequirements,
  missingGuard,
  possibleCaller,
  presentCaller,
  settle,
} from './adapters/adapter.js'
export type { AuthOptions, Guard, Lifted } from './adapters/adapter.js'
export { protectUpgrade } from './adapters/upgrade.js'
export type { UpgradeOptions, UpgradeSocket } from './adapters/upgrade.js'
export { whenExpired } from './adapters/when-expired.js'
export { isAbsence, wellKnownLocations } from './issuers/metadata.js'
export { describeInsecure, likelyDifference } from './kit/url.js'
