/*
 * Measures how long each decision on a token takes. A decision that waits for a fetch gets a span.
 */
import {
  SpanKind,
  SpanStatusCode,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import type { Traced } from '@verifier-guard/core/support'
import { OTHER } from './bounded.js'
import type { Instruments } from './instruments.js'
import { errorType, resultOf } from './outcome.js'
import type { Listeners } from './subscriptions.js'

const CHANNEL = 'tracing:verifier-guard:decision'
const SPAN = 'verifier_guard.authenticate'

/** A decision under way: what core says of it, and what is noted here. */
interface Decision extends Traced {
  readonly error?: unknown
  [began]?: number
  [span]?: Span
}

const began = Symbol('began')
const span = Symbol('span')

/** What the measuring of decisions needs. */
export interface DecisionTools {
  readonly instruments: Instruments
  readonly tracer: Tracer
  /** Milliseconds on the clock that spans are timed by. */
  readonly clock: () => number
  readonly issuerOf: (issuer: string) => string
}

/** Makes the listeners for decisions. */
export function watchDecisions({ instruments, tracer, clock, issuerOf }: DecisionTools): Listeners {
  // Set one by one, as spreads would cost more than all the rest.
  function attributesOf(decision: Decision): Attributes {
    const { cached, scheme, configuredAs, issuer, error } = decision
    // A requirement that refused says nothing against the token.
    const isRefused = error !== undefined && !('requirement' in decision)
    const attributes: Attributes = {
      result: isRefused ? resultOf(error) : issuer === undefined ? 'anonymous' : 'allowed',
      issuer: configuredAs === undefined ? OTHER : issuerOf(configuredAs),
    }
    if (scheme !== undefined) attributes['scheme'] = scheme
    if (cached !== undefined) attributes['cached'] = cached
    if (isRefused) attributes['error.type'] = errorType(error)
    return attributes
  }

  return {
    [`${CHANNEL}:start`]: (decision: Decision) => {
      decision[began] = clock()
    },
    // A decision from the token cache needs no span: it would take longer than the decision.
    [`${CHANNEL}:end`]: (decision: Decision) => {
      if (decision.awaited !== true) return
      const startTime = decision[began] ?? clock()
      decision[span] = tracer.startSpan(SPAN, { kind: SpanKind.INTERNAL, startTime })
    },
    [`${CHANNEL}:asyncEnd`]: (decision: Decision) => {
      const now = clock()
      const { [began]: start, [span]: open } = decision
      // One that began before the subscription has no start.
      if (start === undefined) return
      const attributes = attributesOf(decision)
      instruments.record(
        'verifier_guard.authentication.duration',
        (now - start) / 1_000,
        attributes,
      )
      if (open !== undefined) finish(open, attributes, now)
    },
  }
}

function finish(open: Span, attributes: Attributes, now: number): void {
  open.setAttributes(attributes)
  // A bad token is the caller's fault: only what could not be decided is an error of this process.
  if (attributes['result'] === 'unavailable' || attributes['result'] === 'failed')
    open.setStatus({ code: SpanStatusCode.ERROR })
  open.end(now)
}
