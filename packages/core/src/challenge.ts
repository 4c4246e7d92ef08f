/*
 * Writes the answer to a refused request: the one writer of `WWW-Authenticate` and of error bodies.
 * Code and details in, status, fields and body out (RFC 6750 §3, RFC 9449 §7.1).
 */
import {
  ERRORS,
  headerFields,
  type ChallengeParameters,
  type ErrorCode,
  type FieldPair,
  type HttpAnswer,
  type Scheme,
} from './kit/errors.js'

/** A scheme that the resource server takes, with the parameters of its challenge. */
export interface Offer {
  readonly scheme: Scheme
  /** `algs` of DPoP (RFC 9449 §7.1). */
  readonly parameters?: ChallengeParameters
}

/** What an answer says besides its code. */
export interface AnswerDetails {
  readonly realm: string
  /** The schemes that the resource server takes. Default: `Bearer` alone. */
  readonly offers?: readonly Offer[]
  /** The scheme of the request; `undefined` where it had none, or several. */
  readonly used?: Scheme | undefined
  /** The schemes that are challenged. Default: by the error. */
  readonly schemes?: readonly Scheme[] | undefined
  /** What the challenge says of the way to get access. */
  readonly challenge?: ChallengeParameters | undefined
  /** Further fields: `DPoP-Nonce` (RFC 9449 §9). */
  readonly fields?: readonly FieldPair[] | undefined
  /** Seconds after which a new try makes sense. Default: 1. */
  readonly retryAfter?: number | undefined
  readonly correlationId?: string | undefined
}

const BEARER: readonly Offer[] = [{ scheme: 'Bearer' }]

/**
 * Writes the answer to a refused request.
 *
 * Everything in it is fixed for the code, or stated by the application: nothing that the caller
 * sent comes back.
 */
export function refusalAnswer(code: ErrorCode, details: AnswerDetails): HttpAnswer {
  const { kind, status, error, description } = ERRORS[code]
  const headers: FieldPair[] = [['Cache-Control', 'no-store']]
  if (kind === 'token') headers.push(...challenges(code, details))
  if (kind === 'verifier') headers.push(['Retry-After', wholeSeconds(details.retryAfter)])
  if (details.fields !== undefined) headers.push(...withoutCaching(details.fields))
  const body = {
    ...(error !== undefined && { error }),
    error_description: description,
    ...(details.correlationId !== undefined && { correlation_id: details.correlationId }),
  }
  return Object.freeze({ status, headers: headerFields(headers), body: Object.freeze(body) })
}

/** Errors of one scheme alone: a client with that scheme gets no other way to choose. */
const CHALLENGED: Readonly<Record<string, readonly Scheme[]>> = {
  invalid_dpop_proof: ['DPoP'],
  use_dpop_nonce: ['DPoP'],
}

/**
 * One field for each challenge: clients that split a joined one at its commas lose parameters. The
 * error stands in the challenge of the scheme that was used; in all of them where that is none of
 * those offered, or not known from a malformed request.
 */
function challenges(code: ErrorCode, details: AnswerDetails): readonly FieldPair[] {
  const { offers = BEARER, used } = details
  const { error, status } = ERRORS[code]
  // A caller who lacks a right has authenticated already (RFC 6750 §3.1).
  const usual = status === 403 && used !== undefined ? [used] : CHALLENGED[error ?? '']
  const asked = details.schemes ?? usual
  const chosen = offers.filter(({ scheme }) => asked?.includes(scheme) ?? true)
  const challenged = chosen.length > 0 ? chosen : offers
  const isUsed = status !== 400 && challenged.some(({ scheme }) => scheme === used)
  return challenged.map((offer) => {
    const hasError = !isUsed || offer.scheme === used
    return ['WWW-Authenticate', challenge(offer, hasError ? code : undefined, details)]
  })
}

/**
 * Every challenge has a realm, for RFC 6750 §3 wants one parameter at least. A request without
 * credentials gets no error code, only the way to authenticate (§3.1).
 */
function challenge(
  { scheme, parameters }: Offer,
  code: ErrorCode | undefined,
  { realm, challenge: stated }: AnswerDetails,
): string {
  const { error, description } = ERRORS[code ?? 'token_missing']
  const ofError = error === undefined ? {} : { error, error_description: description }
  const all = Object.entries({ realm, ...ofError, ...stated, ...parameters })
  return `${scheme} ${all.map(([name, value]) => `${name}="${escaped(value)}"`).join(', ')}`
}

/** The answer has forbidden caching already. */
function withoutCaching(fields: readonly FieldPair[]): readonly FieldPair[] {
  return fields.filter(([name]) => name !== 'Cache-Control')
}

/** The content of a quoted-string (RFC 9110 §5.6.4). */
function escaped(text: string): string {
  return text.replace(/["\\]/g, '\\$&').replace(/[^\x20-\x7e]/g, '')
}

function wholeSeconds(retryAfter = 1): string {
  return `${Math.max(1, Math.ceil(retryAfter))}`
}
