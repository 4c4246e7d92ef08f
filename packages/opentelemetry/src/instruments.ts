/*
 * Makes the instruments of all metrics, and a function for each kind that writes to them.
 */
import type { Attributes, Meter, Observable } from '@opentelemetry/api'
import { BUCKETS, METRICS, type MetricName } from './metrics.js'

type OfKind<Kind> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never
}[MetricName]

/** The value of a gauge at a moment. */
export interface Measurement {
  readonly name: OfKind<'gauge'>
  readonly value: number
  readonly attributes?: Attributes
}

/** The instruments of a meter. */
export interface Instruments {
  /** @param seconds what a histogram gets */
  record(name: OfKind<'histogram'>, seconds: number, attributes: Attributes): void
  add(name: OfKind<'counter'>, count: number, attributes: Attributes): void
  /**
   * Has the gauges measured at each collection.
   *
   * @returns the way to end that
   */
  observe(measure: () => Iterable<Measurement>): () => void
}

/** Makes the instruments. */
export function createInstruments(meter: Meter): Instruments {
  const histograms = ofKind('histogram', (name, options) =>
    meter.createHistogram(name, { ...options, advice: { explicitBucketBoundaries: BUCKETS } }),
  )
  const counters = ofKind('counter', (name, options) => meter.createCounter(name, options))
  const gauges = ofKind('gauge', (name, options) => meter.createObservableGauge(name, options))
  return {
    record: (name, seconds, attributes) => histograms[name].record(seconds, attributes),
    add: (name, count, attributes) => counters[name].add(count, attributes),
    observe(measure) {
      const observables: Observable[] = Object.values(gauges)
      const callback: Parameters<Meter['addBatchObservableCallback']>[0] = (result) => {
        for (const { name, value, attributes } of measure())
          result.observe(gauges[name], value, attributes)
      }
      meter.addBatchObservableCallback(callback, observables)
      return () => meter.removeBatchObservableCallback(callback, observables)
    },
  }
}

function ofKind<Kind, Instrument>(
  kind: Kind,
  make: (name: string, options: { unit: string; description: string }) => Instrument,
): Readonly<Record<OfKind<Kind>, Instrument>> {
  const rows = Object.entries(METRICS).filter(([, row]) => row.kind === kind)
  return Object.fromEntries(
    rows.map(([name, { unit, says }]) => [name, make(name, { unit, description: says })]),
  ) as Record<OfKind<Kind>, Instrument>
}
