/*
 * Starts telemetry: everything that is measured, and the one way to end it.
 */
import {
  createNoopMeter,
  metrics,
  trace,
  type MeterProvider,
  type TracerProvider,
} from '@opentelemetry/api'
import { systemRuntime, type Runtime } from '@verifier-guard/core'
import { bounded } from './bounded.js'
import { watchDecisions } from './decisions.js'
import { watchFetches } from './fetches.js'
import { createGauges } from './gauges.js'
import { createInstruments } from './instruments.js'
import { watchRequests } from './requests.js'
import { subscribeAll } from './subscriptions.js'

/** Where metrics and spans go. */
export interface TelemetryOptions {
  /** Default: the global one of OpenTelemetry. */
  readonly meterProvider?: MeterProvider
  /** Default: the global one of OpenTelemetry. */
  readonly tracerProvider?: TracerProvider
  /** Clocks and warnings, for tests. Default: those of the process. */
  readonly runtime?: Pick<Runtime, 'now' | 'monotonic' | 'warn'>
}

/** Telemetry that was started. */
export interface Telemetry {
  /** Ends it: nothing is measured any more. */
  readonly stop: () => void
}

const NAME = '@verifier-guard/opentelemetry'
/** A process trusts a handful of issuers; a list from a database may hold thousands. */
const MAX_ISSUERS = 100

/**
 * Measures all resource servers and token sources of the process, those that are made later
 * included. Nothing from a token becomes an attribute.
 *
 * Start the OpenTelemetry SDK first: before that there is nowhere for metrics to go, and a warning
 * says so. Call it once a process, because a second call counts everything twice.
 *
 * It does not check that what it records is exported.
 *
 * @param options where metrics and spans go. Default: OpenTelemetry's global providers.
 * @returns the way to end it.
 * @example
 * ```ts
 * import { startTelemetry } from '@verifier-guard/opentelemetry'
 *
 * startTelemetry()
 * ```
 */
export function startTelemetry(options: TelemetryOptions = {}): Telemetry {
  const {
    meterProvider = metrics.getMeterProvider(),
    tracerProvider = trace.getTracerProvider(),
    runtime = systemRuntime,
  } = options
  const meter = meterProvider.getMeter(NAME)
  if (meter === createNoopMeter()) runtime.warn(NO_SDK)
  const instruments = createInstruments(meter)
  const issuerOf = bounded(MAX_ISSUERS)
  const tracer = tracerProvider.getTracer(NAME)
  const clock = runtime.monotonic
  const unsubscribe = subscribeAll({
    ...watchDecisions({ instruments, tracer, clock, issuerOf }),
    ...watchRequests(instruments),
    ...watchFetches(instruments, clock, issuerOf),
  })
  const unobserve = instruments.observe(createGauges(runtime.now, issuerOf))
  return {
    stop() {
      unsubscribe()
      unobserve()
    },
  }
}

const NO_SDK =
  'startTelemetry() found no meter provider: no metric leaves this process. ' +
  'Start the OpenTelemetry SDK first, or pass "meterProvider".'
