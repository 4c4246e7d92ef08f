/*
 * Decides on what is asked, and reports it: a question in, the caller or a refusal out.
 */
import type { AuthContext, Claims } from './context.js'
import { keepFields, type RequestInfo } from './exchange.js'
import { Denial, headerFields, type HeaderFields } from './kit/errors.js'
import { andThen, orElse, type Later } from './kit/later.js'
import { createTrace } from './kit/tracing.js'
import type { Absent, Presented } from './presented/authorization.js'
import type { Progress, Report } from './report.js'
import { checkRequirement, type Lookups, type Requirement } from './requirements/requirement.js'
import type { ValidatedToken } from './token-cache.js'

/** What is to be decided. */
export interface Question<R> {
  readonly read: () => Presented | Absent
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
  progress: Progress = { trace: {} },
): Later<AuthContext | undefined> {
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
  const progress: Progress = { trace: {} }
  return andThen(answer(deciding, question, progress), (auth) => ({
    auth,
    headers: progress.fields === undefined ? NO_FIELDS : headerFields(progress.fields),
  }))
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
  { report, lookups }: Deciding,
  auth: AuthContext,
  { requirement, request, info }: Demanded<R>,
  awaitsEvent: boolean,
): Later<void> {
  const { scheme } = auth
  const progress: Progress = { trace: { scheme }, caller: auth }
  return orElse<void>(
    () =>
      andThen(checkRequirement(requirement, auth, request, lookups), () =>
        report.met(auth, requirement.name, info),
      ),
    (error) => {
      const { refusal, published } = report.refused(error, auth.token, progress, info)
      return andThen(awaitsEvent ? published : undefined, () => {
        throw refusal
      })
    },
  )
}

function decided<R>(
  deciding: Deciding,
  question: Question<R>,
  progress: Progress,
): Later<AuthContext | undefined> {
  const { decide, report } = deciding
  let token: string | undefined
  const refuse = (error: unknown): Later<never> => {
    const { refusal, published } = report.refused(error, token, progress, question.info)
    // A worker may end with its answer, and the event has to come before.
    return andThen(published, () => {
      throw refusal
    })
  }
  try {
    const presented = question.read()
    if ('absent' in presented) {
      // What is required of a caller can't hold of an anonymous one.
      if (question.isOptional !== true || question.requirement !== undefined)
        throw missing(presented)
      return void report.allowed(undefined, false, question.info)
    }
    ;({ token } = presented)
    progress.trace.scheme = presented.scheme
    const known = decide(presented, progress)
    const caller =
      known instanceof Promise
        ? known.then((late) => met(deciding, question, late, progress))
        : met(deciding, question, known, progress)
    return caller instanceof Promise ? caller.catch(refuse) : caller
  } catch (error) {
    return refuse(error)
  }
}

function met<R>(
  { report, lookups }: Deciding,
  { requirement, request, info }: Question<R>,
  { context, isRemembered }: ValidatedToken,
  progress: Progress,
): Later<AuthContext> {
  progress.caller = context
  if (progress.fields !== undefined) keepFields(info, progress.fields)
  const allowed = () => {
    report.allowed(context, isRemembered, info, requirement && [requirement.name])
    return context
  }
  if (requirement === undefined) return allowed()
  // JavaScript may pass null, which the check refuses.
  progress.trace.requirement = requirement?.name
  return andThen(checkRequirement(requirement, context, request, lookups), allowed)
}

function missing({ absent }: Absent): Denial {
  return new Denial('token_missing', {
    check: 'token',
    expected: 'an Authorization field with an access token',
    actual: absent,
  })
}
