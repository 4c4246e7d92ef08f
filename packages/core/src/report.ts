/*
 * Reports to the operator what was decided, and makes of a refusal the error that the application
 * gets.
 */
import { answer, type Offer } from './challenge.js'
import type { AuthContext } from './context.js'
import {
  Denial,
  GuardError,
  type ErrorCode,
  type FieldPair,
  type Refusal,
  type Scheme,
} from './kit/errors.js'
import type { Emitter } from './kit/events.js'
import { fingerprint } from './kit/fingerprint.js'
import type { Later } from './kit/later.js'
import type { Settings } from './options/options.js'
import type { Known } from './token-cache.js'

/** How far a decision came: what its trace and its event tell of it. */
export interface Progress {
  /** A configured issuer, or one by whose key the token was signed. */
  issuer?: string
  /** Whether the token had been validated for an earlier request. */
  cached?: boolean
  /** Why the request was refused. */
  code?: ErrorCode
  /** The scheme of the request, where it had one. */
  scheme?: Scheme
  /** What the answer carries besides, refused or not. */
  fields?: readonly FieldPair[] | undefined
}

/** The two ends of a decision. */
export interface Report {
  /** Reports a request that was allowed. @returns the caller */
  allowed(known: Known): AuthContext
  /**
   * Reports a request that was refused. Another error than a denial is a fault of the
   * application's own functions, or of this package: it must not look like a denial.
   *
   * @param token what was presented, if anything was
   * @param progress how far the decision came; gets the code of the refusal
   * @returns what the application gets, and a promise where telling takes time
   */
  refused(
    error: unknown,
    token: string | undefined,
    progress: Progress,
  ): { refusal: unknown; told: Later<void> }
  /** Throws a denial for the developer: no request waits for an answer at start-up. */
  explain(error: unknown): never
}

/** Makes the report of a resource server. */
export function createReport(settings: Settings, emitter: Emitter): Report {
  const offers = offersOf(settings)
  const toGuardError = guardErrors(settings, offers)
  return {
    allowed({ context, isRemembered }) {
      if (emitter.listens('allowed'))
        emitter.emit('allowed', { issuer: context.issuer, cached: isRemembered })
      return context
    },
    refused(error, token, progress) {
      if (!(error instanceof Denial)) return { refusal: error, told: undefined }
      const refusal = toGuardError(error.refusal, progress)
      progress.code = refusal.code
      return { refusal, told: tell(emitter, refusal, token, progress) }
    },
    explain(error) {
      throw error instanceof Denial ? toGuardError(error.refusal, {}, false) : error
    },
  }
}

/** The schemes that are taken: where proofs are required, a bearer token gets no access. */
function offersOf({ dpop }: Settings): readonly Offer[] {
  const bearer: Offer = { scheme: 'Bearer' }
  if (dpop === undefined) return [bearer]
  const algs = [...dpop.algorithms.keys()].join(' ')
  const proven: Offer = { scheme: 'DPoP', parameters: { algs } }
  return dpop.isRequired ? [proven] : [bearer, proven]
}

function guardErrors({ realm, runtime, correlationId: hasId }: Settings, offers: readonly Offer[]) {
  return (refusal: Refusal, { scheme, fields }: Progress, expose?: boolean): GuardError => {
    const correlationId = hasId ? runtime.random().toString(36).slice(2, 12) : undefined
    const details = { fields, ...refusal, realm, offers, used: scheme, correlationId }
    return new GuardError(refusal, answer(refusal.code, details), expose)
  }
}

/** The operator's half of the answer; a promise where its fingerprint takes time. */
function tell(
  emitter: Emitter,
  refusal: GuardError,
  token: string | undefined,
  { issuer }: Progress,
): Later<void> {
  const { code, status, reason, cause, body } = refusal
  if (!emitter.listens('denied', code)) return
  const event = {
    ...reason,
    code,
    status,
    ...(issuer !== undefined && { issuer }),
    ...(body.correlation_id !== undefined && { correlationId: body.correlation_id }),
    ...(cause !== undefined && { cause }),
  }
  const emit = (mark?: string) =>
    emitter.emit('denied', mark === undefined ? event : { ...event, fingerprint: mark })
  const mark = token === undefined ? undefined : fingerprint(token)
  if (mark instanceof Promise) return mark.then(emit, () => emit())
  emit(mark)
}
