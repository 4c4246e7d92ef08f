/*
 * Reports to the operator what was decided, and makes of a refusal the error that the application
 * gets.
 */
import { refusalAnswer, type Offer } from './challenge.js'
import type { AuthContext } from './context.js'
import { correlationIdOf } from './correlation.js'
import {
  allow,
  deny,
  isExchange,
  keptFields,
  meet,
  withdraw,
  type RequestInfo,
} from './exchange.js'
import { identityOf, identityOfClaims, type Identity, type SignedClaims } from './identity.js'
import {
  Denial,
  GuardError,
  type ErrorCode,
  type FieldPair,
  type Refusal,
  type Scheme,
} from './kit/errors.js'
import type { Emitter, GuardEvents } from './kit/events.js'
import { fingerprint } from './kit/fingerprint.js'
import type { Later } from './kit/later.js'
import { optional } from './kit/members.js'
import type { Settings } from './options/options.js'

/** What the trace of a decision says. */
export interface Traced {
  /** A configured issuer, or one by whose key the token was signed. */
  issuer?: string
  /** The issuer or template in the options; absent for one that a lookup answered for. */
  configuredAs?: string | undefined
  /** The scheme that carried the token (RFC 9110 §11.1). */
  scheme?: Scheme
  /** Whether the token had been validated for an earlier request. */
  cached?: boolean
  /** The requirement that was asked with the decision: the token itself was good. */
  requirement?: string | undefined
  /** Whether something had to be awaited. */
  awaited?: boolean
  /** Why the request was refused. */
  code?: ErrorCode
}

/** How far a decision came. */
export interface Progress {
  readonly trace: Traced
  /** The token that was presented, if any was. */
  token: string | undefined
  /**
   * What says whose the token is, once its signature held; a refusal alone asks. It is data, as V8
   * collects late what a function in its place can reach, and so every new token.
   */
  whose: SignedClaims | AuthContext | undefined
  /** The caller, once the token was accepted. */
  caller: AuthContext | undefined
  /** What the answer carries besides, refused or not. */
  fields: readonly FieldPair[] | undefined
}

/** The progress of a decision that begins: all members from the start, in one piece of the heap. */
export function createProgress(trace: Traced = {}): Progress {
  return { trace, token: undefined, whose: undefined, caller: undefined, fields: undefined }
}

/** The two ends of a decision. */
export interface Report {
  /** Reports a request that is allowed: an adapter's once all its guards are through. */
  allowed(
    auth: AuthContext | undefined,
    isCached: boolean,
    info: RequestInfo,
    requirements?: readonly string[],
  ): void
  /** Reports a requirement that a caller meets. By hand, that is a request that is allowed. */
  met(auth: AuthContext, requirement: string, info: RequestInfo): void
  /**
   * Reports a request that was refused. Another error than a denial is a fault of the
   * application's own functions, or of this package: it must not look like a denial, and nothing
   * was allowed either.
   *
   * @param progress how far the decision came; gets the code of the refusal
   * @returns what the application gets, and a promise where the event takes time
   */
  refused(
    error: unknown,
    progress: Progress,
    info: RequestInfo,
  ): { refusal: unknown; published: Later<void> }
  /** Throws a denial for the developer: no request waits for an answer at start-up. */
  throwExplained(error: unknown): never
}

/** The event of an allowed request, before it is published. */
type Draft = { -readonly [Name in keyof GuardEvents['allowed']]: GuardEvents['allowed'][Name] }
type Where = Pick<Draft, 'method' | 'route'>

/** Makes the report of a resource server. */
export function createReport(settings: Settings, emitter: Emitter): Report {
  const toGuardError = guardErrors(settings)
  const publishDenial = denialPublisher(settings, emitter)

  function publishAllowed(
    auth: AuthContext | undefined,
    cached: boolean,
    info: RequestInfo,
    met: readonly string[],
  ): void {
    const event: Draft = { cached }
    addRequest(event, info)
    const id = correlationIdOf(settings.correlationId, info)
    if (id !== undefined) event.correlationId = id
    if (met.length > 0) event.requirement = met.join('; ')
    emitter.emit('allowed', auth ? Object.assign(event, identityOf(auth)) : event, auth)
  }
  const allowed: Report['allowed'] = (auth, cached, info, requirements = []) => {
    if (!emitter.listens('allowed')) return
    if (!isExchange(info)) return publishAllowed(auth, cached, info, requirements)
    allow(info, (met) => publishAllowed(auth, cached, info, [...requirements, ...met]))
  }
  return {
    allowed,
    met(auth, requirement, info) {
      if (isExchange(info)) meet(info, requirement)
      else allowed(auth, true, info, [requirement])
    },
    refused(error, progress, info) {
      if (!(error instanceof Denial)) {
        if (isExchange(info)) withdraw(info)
        return { refusal: error, published: undefined }
      }
      const refusal = toGuardError(error.refusal, progress, info)
      progress.trace.code = refusal.code
      const published = denies(info) ? publishDenial(refusal, progress, info) : undefined
      return { refusal, published }
    },
    throwExplained(error) {
      throw error instanceof Denial
        ? toGuardError(error.refusal, createProgress(), {}, false)
        : error
    },
  }
}

/** The operator's half of the answer; a promise where its fingerprint takes time. */
function denialPublisher({ sampleDenied: share, runtime }: Settings, emitter: Emitter) {
  return (refusal: GuardError, progress: Progress, info: RequestInfo): Later<void> => {
    if (!emitter.listens('denied', refusal.code)) return
    if (share < 1 && runtime.random() >= share) return
    const event = {
      ...denialEvent(refusal, progress, info),
      ...optional('share', share < 1 ? share : undefined),
    }
    const emit = (id?: string) =>
      emitter.emit('denied', { ...event, ...optional('fingerprint', id) }, progress.caller)
    const id = progress.token === undefined ? undefined : fingerprint(progress.token)
    if (id instanceof Promise) return id.then(emit, () => emit())
    emit(id)
  }
}

/** The schemes that are taken: where proofs are required, a bearer token gets no access. */
function offersOf({ dpop }: Settings): readonly Offer[] {
  const bearer: Offer = { scheme: 'Bearer' }
  if (dpop === undefined) return [bearer]
  const algs = [...dpop.algorithms.keys()].join(' ')
  const bound: Offer = { scheme: 'DPoP', parameters: { algs } }
  return dpop.isRequired ? [bound] : [bearer, bound]
}

/** Makes of a refusal the error with its answer. */
function guardErrors(settings: Settings) {
  const { realm } = settings
  const offers = offersOf(settings)
  return (
    refusal: Refusal,
    { trace: { scheme }, fields }: Progress,
    info: RequestInfo,
    expose?: boolean,
  ): GuardError => {
    const correlationId = refusedId(settings, info)
    const details = {
      fields: fields ?? keptFields(info),
      ...refusal,
      ...{ realm, offers, used: scheme, correlationId },
    }
    return new GuardError(refusal, refusalAnswer(refusal.code, details), expose)
  }
}

/** The id of a denial: the request's own, where it has one. */
function refusedId(
  { correlationId: option, runtime }: Settings,
  info: RequestInfo,
): string | undefined {
  if (option === false) return undefined
  return correlationIdOf(option, info) ?? runtime.random().toString(36).slice(2, 12)
}

function denies(info: RequestInfo): boolean {
  return isExchange(info) ? deny(info) : true
}

function identityFrom(whose: Progress['whose']): Identity | undefined {
  if (whose === undefined) return undefined
  return 'trusted' in whose ? identityOfClaims(whose) : identityOf(whose)
}

function denialEvent(
  { code, status, reason, cause, body }: GuardError,
  { trace, whose, caller }: Progress,
  info: RequestInfo,
): GuardEvents['denied'] {
  return {
    ...reason,
    code,
    status,
    ...optional('issuer', trace.issuer),
    ...(caller === undefined ? identityFrom(whose) : identityOf(caller)),
    ...addRequest({}, info),
    ...optional('correlationId', body.correlation_id),
    ...(cause !== undefined && { cause }),
  }
}

/** V8 is quick to add members to a new object, and slow to add one to a copy by spreading. */
function addRequest<Event extends Where>(event: Event, { request, route }: RequestInfo): Event {
  const method: unknown = request?.method
  if (typeof method === 'string') event.method = method
  const pattern = route?.()
  if (pattern !== undefined) event.route = pattern
  return event
}
