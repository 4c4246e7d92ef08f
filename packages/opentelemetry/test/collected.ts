import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { startTelemetry, type TelemetryOptions } from '../src/index.js'

/** Collects when it is asked to. */
class OnDemandReader extends MetricReader {
  protected onForceFlush(): Promise<void> {
    return Promise.resolve()
  }

  protected onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

/** One series: its attributes, and its value, of a histogram the number of its values. */
export interface Series {
  readonly attributes: Readonly<Record<string, unknown>>
  readonly value: number
}

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

/** Telemetry into the test's own providers. */
export function collecting(runtime?: TelemetryOptions['runtime']) {
  const reader = new OnDemandReader()
  const spans = new InMemorySpanExporter()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const tracerProvider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spans)],
  })
  const telemetry = startTelemetry({
    meterProvider,
    tracerProvider,
    ...(runtime && { runtime }),
  })

  /** All metrics by name. */
  async function metrics(): Promise<Readonly<Record<string, readonly Series[]>>> {
    const { resourceMetrics } = await reader.collect()
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return Object.fromEntries(
      all.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ attributes, value }) => ({
          attributes,
          value: typeof value === 'number' ? value : (value as { count: number }).count,
        })),
      ]),
    )
  }

  const tracer = tracerProvider.getTracer('test')
  return {
    metrics,
    series: async (name: string) => (await metrics())[name] ?? [],
    spans: () => spans.getFinishedSpans(),
    /** Runs work within a span, as the instrumentation of an HTTP server does. */
    withinServerSpan: async (work: () => Promise<unknown>) => {
      const span = tracer.startSpan('GET /orders')
      try {
        await context.with(trace.setSpan(context.active(), span), work)
      } finally {
        span.end()
      }
    },
    stop: telemetry.stop,
  }
}
