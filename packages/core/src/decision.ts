/*
 * Decides on what is asked, and reports it: a question in, the caller or a refusal out.
 */
import type { AuthContext, Claims } from './context.js'
import { keepFields, type RequestInfo } from './exchange.js'
import { Denial, headerFields, type HeaderFields } from './kit/errors.js'
import { andThen, orElse, type Later } from './kit/later.js'
import { createTrace } from './kit/tracing.js'
import type { Absent, Presented } from './presented/authorization.js'
import { createProgress, type Progress, type Report } from './report.js'
import { checkRequirement, type Lookups, type Requirement } from './requirements/requirement.js'
import type { ValidatedToken } from './token-cache.js'

/** What is to be decided. */
export interface Question<R> {
  /** Reads what is presented; what it throws is a refusal like any other. */
  readonly read: (info: RequestInfo) => Presented | Absent
  /** Whether a request without credentials passes. */
  readonly isOptional?: boolean
  readonly request: R
  readonly requirement?: Requirement<R> | undefined
  readonly info: RequestInfo
}

/** A request that was allowed. */
export interface Admission<C extends object = Claims> {
  /** The caller; `undefined` for an anonymous one where authentication is optional. */
  readonly auth: AuthContext<C> | undefined
  /** What the answer carries besides: a success may have fields of its own. */
  readonly headers: HeaderFields
}

/** What decides, and what reports it. */
export interface Deciding {
  readonly decide: (presented: Presented, progress: Progress) => Later<ValidatedToken>
  readonly report: Report
  readonly lookups: Lookups
}

const NO_FIELDS = headerFields([])
const decisions = createTrace('decision')

/** Answers a question: at once where nothing has to be awaited. */
export function answer<R>(
  deciding: Deciding,
  question: Question<R>,
  progress: Progress = createProgress(),
): Later<AuthContext | undefined> {
  // For a known token, what a trace takes would be a good part of the whole.
  if (!decisions.isHeard()) return decided(deciding, question, progress)
  return decisions.run(
    () => progress.trace,
    () => {
      const auth = decided(deciding, question, progress)
      progress.trace.awaited = auth instanceof Promise
      return auth
    },
  )
}

/** Answers a question with the fields that the answer to the request carries. */
export function admit<R>(deciding: Deciding, question: Question<R>): Later<Admission> {
  const progress = createProgress()
  const auth = answer(deciding, question, progress)
  // Each request of a known token pays for every function that is made on its way.
  if (auth instanceof Promise) return auth.then((late) => admission(late, progress))
  return admission(auth, progress)
}

function admission(auth: AuthContext | undefined, { fields }: Progress): Admission {
  return { auth, headers: fields === undefined ? NO_FIELDS : headerFields(fields) }
}

/** What is asked of a caller that is known. */
export interface Demanded<R> extends Pick<Question<R>, 'request' | 'info'> {
  readonly requirement: Requirement<R>
}

/**
 * Asks a requirement of a caller that is known.
 *
 * @param awaitsEvent whether a refusal waits for its event: a worker may end with its answer.
 *   Without, what takes no time throws at once
 */
export function authorize<R>(
  deciding: Deciding,
  auth: AuthContext,
  { requirement, request, info }: Demanded<R>,
  awaitsEvent: boolean,
): Later<void> {
  const { report, lookups } = deciding
  const progress = createProgress({ scheme: auth.scheme })
  progress.token = auth.token
  progress.caller = auth
  return orElse<void>(
    () =>
      andThen(checkRequirement(requirement, auth, request, lookups), () =>
        report.met(auth, requirement.name, info),
      ),
    (error) => refuse(deciding, error, progress, info, awaitsEvent),
  )
}

function decided<R>(
  deciding: Deciding,
  question: Question<R>,
  progress: Progress,
): Later<AuthContext | undefined> {
  try {
    const presented = question.read(question.info)
    if ('absent' in presented) {
      // What is required of a caller can't hold of an anonymous one.
      if (question.isOptional !== true || question.requirement !== undefined)
        throw missing(presented)
      return void deciding.report.allowed(undefined, false, question.info)
    }
    progress.token = presented.token
    progress.trace.scheme = presented.scheme
    const known = deciding.decide(presented, progress)
    const caller =
      known instanceof Promise
        ? known.then((late) => met(deciding, question, late, progress))
        : met(deciding, question, known, progress)
    if (!(caller instanceof Promise)) return caller
    return caller.catch((error) => refuse(deciding, error, progress, question.info))
  } catch (error) {
    return refuse(deciding, error, progress, question.info)
  }
}

function refuse(
  { report }: Deciding,
  error: unknown,
  progress: Progress,
  info: RequestInfo,
  awaitsEvent = true,
): Later<never> {
  const { refusal, published } = report.refused(error, progress, info)
  // A worker may end with its answer, and the event has to come before.
  return andThen(awaitsEvent ? published : undefined, () => {
    throw refusal
  })
}

function met<R>(
  { report, lookups }: Deciding,
  { requirement, request, info }: Question<R>,
  { context, isRemembered }: ValidatedToken,
  progress: Progress,
): Later<AuthContext> {
  progress.caller = context
  if (progress.fields !== undefined) keepFields(info, progress.fields)
  if (requirement === undefined) {
    report.allowed(context, isRemembered, info)
    return context
  }
  // JavaScript may pass null, which the check refuses.
  progress.trace.requirement = requirement?.name
  return andThen(checkRequirement(requirement, context, request, lookups), () => {
    report.allowed(context, isRemembered, info, [requirement.name])
    return context
  })
}

function missing({ absent }: Absent): Denial {
  return new Denial('token_missing', {
    check: 'token',
    expected: 'an Authorization field with an access token',
    actual: absent,
  })
}
