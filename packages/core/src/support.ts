/**
 * The parts of core that the other packages of this project build on. Not meant for applications:
 * it may change with any release.
 *
 * @packageDocumentation
 */
export { exchange, getJson, HttpFailure, retryAfter } from './kit/http.js'
export type { BoundedAnswer, BoundedRequest, HttpFailureReason } from './kit/http.js'
export { configurationError, fieldsByName } from './kit/errors.js'
export { builtinModule, systemRuntime } from './kit/runtime.js'
export type { Runtime } from './kit/runtime.js'
export { worksInBackground } from './kit/single-flight.js'
export { Kept } from './kit/kept.js'
export type { KeepPolicy } from './kit/kept.js'
export { backOff } from './kit/back-off.js'
export type { BackOff } from './kit/back-off.js'
export { createTrace } from './kit/tracing.js'
export { createRollCall } from './kit/roll-call.js'
export { createGuard, isRefusal, missingGuard, settle } from './adapters/guard.js'
export type { AuthOptions, Guard } from './adapters/guard.js'
export { bindRequirements } from './adapters/bound-requirements.js'
export type { BoundRequirements } from './adapters/bound-requirements.js'
export type { Admission, ResourceServerState } from './server.js'
export type { Traced } from './report.js'
export type { Exchange } from './exchange.js'
export { endOf, ownEnd, setFields } from './adapters/exchanges.js'
export type { EndingResponse, OwnEnd, WritableResponse } from './adapters/exchanges.js'
export { findCaller, requireCaller } from './adapters/callers.js'
export type { Entry } from './adapters/callers.js'
export { protectUpgrade } from './adapters/upgrade.js'
export type { UpgradeOptions, UpgradeSocket } from './adapters/upgrade.js'
export { whenExpired } from './adapters/when-expired.js'
export { isAbsence, wellKnownLocations } from './issuers/metadata.js'
export { describeInsecure, likelyDifference } from './kit/url.js'
