/**
 * Metrics and spans of verifier-guard for OpenTelemetry.
 *
 * @packageDocumentation
 */
export { startTelemetry } from './telemetry.js'
export type { Telemetry, TelemetryOptions } from './telemetry.js'
