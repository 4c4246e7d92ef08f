/*
 * Every metric, a row each: its kind, its unit, its attributes and one sentence. The instruments,
 * the table of the README and the check of dashboard and alert rules come from here.
 */

/** What a metric is. */
export interface MetricRow {
  readonly kind: 'histogram' | 'counter' | 'gauge'
  /** By the unified code for units of measure, as OpenTelemetry writes it. */
  readonly unit: string
  readonly attributes: readonly string[]
  readonly says: string
}

/** Every metric by its name. */
export const METRICS = {
  'verifier_guard.authentication.duration': {
    kind: 'histogram',
    unit: 's',
    attributes: ['result', 'error.type', 'scheme', 'cached', 'issuer'],
    says: 'time of a decision on a token',
  },
  'verifier_guard.authorization.attempts': {
    kind: 'counter',
    unit: '{attempt}',
    attributes: ['result', 'error.type', 'requirement', 'http.route'],
    says: 'requests that were allowed, denied or could not be decided on',
  },
  'verifier_guard.key_set.fetch.duration': {
    kind: 'histogram',
    unit: 's',
    attributes: ['issuer', 'error.type'],
    says: 'time of a fetch of a key set, its metadata included',
  },
  'verifier_guard.key_set.age': {
    kind: 'gauge',
    unit: 's',
    attributes: ['issuer'],
    says: 'age of the oldest key set in use',
  },
  'verifier_guard.key_set.max_age': {
    kind: 'gauge',
    unit: 's',
    attributes: ['issuer'],
    says: 'age at which a key set is stale',
  },
  'verifier_guard.key_set.max_stale': {
    kind: 'gauge',
    unit: 's',
    attributes: ['issuer'],
    says: 'age at which a key set is not used any more',
  },
  'verifier_guard.key_set.keys': {
    kind: 'gauge',
    unit: '{key}',
    attributes: ['issuer'],
    says: 'keys of the smallest key set',
  },
  'verifier_guard.key_set.stale': {
    kind: 'gauge',
    unit: '',
    attributes: ['issuer'],
    says: '1 while a key set is stale or missing, else 0',
  },
  'verifier_guard.token_cache.entries': {
    kind: 'gauge',
    unit: '{entry}',
    attributes: [],
    says: 'tokens that are remembered',
  },
  'verifier_guard.token_cache.size': {
    kind: 'gauge',
    unit: 'By',
    attributes: [],
    says: 'estimated heap of the tokens that are remembered',
  },
  'verifier_guard.status_list.fetch.duration': {
    kind: 'histogram',
    unit: 's',
    attributes: ['error.type'],
    says: 'time of a fetch of a status list',
  },
  'verifier_guard.status_list.age': {
    kind: 'gauge',
    unit: 's',
    attributes: [],
    says: 'age of the oldest status list in use',
  },
  'verifier_guard.client.token_request.duration': {
    kind: 'histogram',
    unit: 's',
    attributes: ['issuer', 'error.type'],
    says: 'time of a token request',
  },
  'verifier_guard.client.token.expires_in': {
    kind: 'gauge',
    unit: 's',
    attributes: ['issuer'],
    says: 'time until the first token at hand ends',
  },
  'verifier_guard.client.credential.expires_in': {
    kind: 'gauge',
    unit: 's',
    attributes: ['issuer'],
    says: 'time until the first machine credential ends',
  },
} as const satisfies Readonly<Record<string, MetricRow>>

/** The name of a metric. */
export type MetricName = keyof typeof METRICS

/**
 * Seconds: a decision from the token cache takes microseconds, a signature check a tenth of a
 * millisecond, a fetch up to its limit of five seconds.
 */
export const BUCKETS = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
  2.5, 5,
]
