/** What a Verifier answers to a request that it refuses: nothing at all where it hangs up. */
export type RefusalAnswer =
  | 'connection-closed'
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      /** The body; none at all when absent. */
      readonly body?: Readonly<Record<string, string>>
    }

/**
 * Whose answers: `first` those of Verifiers 1.x and 2.x, `bare` those of 3.0 to 3.2.0, `translated`
 * those since, `fiware`, and `oauth` what the RFCs say.
 */
export type Generation = 'first' | 'bare' | 'translated' | 'fiware' | 'oauth'

/**
 * The answers to one refusal. What is left out is as the one before, 400 `{}` for `fiware`, and the
 * same error as `translated` for `oauth`, with 401 for `invalid_client` (RFC 6749 §5.2).
 */
interface Answers {
  readonly bare: RefusalAnswer
  readonly translated: RefusalAnswer
  readonly first?: RefusalAnswer
  readonly fiware?: RefusalAnswer
  readonly oauth?: RefusalAnswer
}

function oauth(error: string, status = 400): RefusalAnswer {
  return { status, body: { error } }
}
function empty(status: number): RefusalAnswer {
  return { status }
}
function summary(text: string): RefusalAnswer {
  return { status: 400, body: { summary: text, details: 'The request was refused.' } }
}
function always(answer: RefusalAnswer): Answers {
  return { bare: answer, translated: answer, fiware: answer, oauth: answer }
}
/**
 * Where a registered client fails to authenticate. Spring Security answers it, and answers 401.
 */
function unauthenticated(fiware?: RefusalAnswer): Answers {
  return {
    bare: oauth('invalid_client', 401),
    translated: oauth('invalid_client'),
    ...(fiware && { fiware }),
  }
}
/**
 * In Verifiers before 3.2.1 the exception escapes the filter, and the error page itself needs
 * authentication.
 */
function escapes(translated: RefusalAnswer, fiware?: RefusalAnswer): Answers {
  return { bare: empty(403), translated, ...(fiware && { fiware }) }
}

const MISSING_GRANT_TYPE: RefusalAnswer = {
  status: 400,
  body: {
    error_description: 'OAuth 2.0 Parameter: grant_type',
    error: 'invalid_request',
    error_uri: 'https://datatracker.ietf.org/doc/html/rfc6749#section-5.2',
  },
}

/**
 * Every reason for which a request is refused, most of them the token endpoint's, with the answer
 * of each generation of Verifiers. The answer says next to nothing to a client. The cause goes to
 * the event `tokenRefused` or `requestRefused`.
 *
 * @example
 * ```ts
 * import { refusals } from '@verifier-guard/dev-verifier'
 *
 * for (const [check, { bare, translated }] of Object.entries(refusals))
 *   console.log(check, bare, translated)
 * ```
 */
export const refusals = {
  'malformed-request': always(oauth('invalid_request')),
  'body-too-large': always(empty(413)),
  'misdirected-request': always({ status: 421, headers: { 'content-type': 'text/plain' } }),
  'rate-limit': always({ status: 429, headers: { 'retry-after': '60' } }),
  'unknown-path': always(empty(403)),
  'outside-path': always(empty(404)),
  'repeated-parameter': {
    bare: oauth('invalid_request'),
    translated: empty(401),
    oauth: oauth('invalid_request'),
  },
  'missing-client-id': {
    bare: oauth('invalid_request'),
    translated: empty(401),
    oauth: oauth('invalid_request'),
  },
  'no-client-authentication': {
    bare: empty(401),
    translated: empty(401),
    fiware: summary('no_client_id_provided'),
    oauth: oauth('invalid_client', 401),
  },
  'missing-grant-type': {
    bare: MISSING_GRANT_TYPE,
    translated: oauth('invalid_request'),
    fiware: summary('no_grant_type_provided'),
  },
  'unsupported-grant-type': escapes(
    oauth('unsupported_grant_type'),
    summary('unsupported_grant_type'),
  ),
  'unknown-grant': escapes(oauth('invalid_grant')),
  'unknown-client': unauthenticated(),
  'assertion-malformed': unauthenticated(),
  'assertion-type': unauthenticated(),
  'assertion-signature': unauthenticated(),
  'assertion-issuer': unauthenticated(),
  'assertion-subject': unauthenticated(),
  'assertion-audience': unauthenticated(),
  'assertion-expired': unauthenticated(),
  'assertion-not-yet-valid': unauthenticated(),
  'assertion-audience-form': escapes(oauth('invalid_client')),
  'assertion-jti': escapes(oauth('invalid_client')),
  'assertion-replayed': escapes(oauth('invalid_client')),
  'assertion-exp-form': escapes(oauth('invalid_client')),
  'vp-encoding': escapes(oauth('invalid_client'), summary('no_token_provided')),
  'vp-malformed': escapes(oauth('invalid_client')),
  'vp-signature': escapes(oauth('invalid_client')),
  'vp-expired': escapes(oauth('invalid_client')),
  'vp-binding': escapes(oauth('invalid_client')),
  'client-binding': escapes(oauth('invalid_client')),
  'credential-malformed': escapes(oauth('invalid_client')),
  'credential-missing': { bare: oauth('invalid_request'), translated: oauth('invalid_client') },
  'credential-type': escapes(oauth('invalid_client')),
  'credential-validity': escapes(oauth('invalid_client')),
  'credential-not-yet-valid': escapes(oauth('invalid_grant')),
  'credential-expired': escapes(oauth('invalid_grant')),
  'credential-revoked': escapes(oauth('invalid_grant')),
  'credential-issuer-untrusted': escapes(oauth('invalid_client')),
  'credential-certificate': escapes(oauth('invalid_client')),
  'credential-algorithm': escapes(oauth('invalid_client')),
  'credential-signature': escapes(oauth('invalid_client')),
  'mandator-untrusted': escapes(oauth('invalid_client')),
  'status-list-unreachable': escapes(oauth('server_error')),
  'issuers-unreachable': { ...escapes(oauth('server_error')), first: 'connection-closed' },
  'tenant-mismatch': escapes(oauth('invalid_client')),
  'client-secret': always(oauth('invalid_client', 401)),
  'client-certificate': always(oauth('invalid_client', 401)),
  'proof-malformed': always(oauth('invalid_dpop_proof')),
  'proof-signature': always(oauth('invalid_dpop_proof')),
  'proof-target': always(oauth('invalid_dpop_proof')),
  'proof-time': always(oauth('invalid_dpop_proof')),
  'proof-replayed': always(oauth('invalid_dpop_proof')),
  'proof-nonce': always(oauth('use_dpop_nonce')),
} as const satisfies Record<string, Answers>

/** The name of a reason for which a request is refused. */
export type RefusalCode = keyof typeof refusals

/** What Verifiers of a generation answer to a refusal. */
export function answerTo(code: RefusalCode, generation: Generation): RefusalAnswer {
  const {
    bare,
    translated,
    first = bare,
    fiware = { status: 400, body: {} },
    oauth = asInRfc6749(translated),
  }: Answers = refusals[code]
  return { bare, translated, first, fiware, oauth }[generation]
}

function asInRfc6749(answer: RefusalAnswer): RefusalAnswer {
  const isOfClient = answer !== 'connection-closed' && answer.body?.['error'] === 'invalid_client'
  return isOfClient ? { ...answer, status: 401 } : answer
}

/** Thrown by a check. The message is the cause, for the developer alone. */
export class Refusal extends Error {
  readonly code: RefusalCode
  /** The client that the request names, whatever that is worth. */
  clientId?: string | null

  constructor(code: RefusalCode, cause: string) {
    super(cause)
    this.name = 'Refusal'
    this.code = code
  }
}

/** One check: the refusal it ends in, and the cause if the facts break it. */
export interface Rule<Facts> {
  readonly refusal: RefusalCode
  /** Goes beyond what the Verifiers of this generation check: skipped with `mimicLaxity`. */
  readonly strict?: boolean
  readonly broken: (facts: Facts) => string | undefined
}

/**
 * Holds facts against rules, in order.
 *
 * @throws Refusal of the first rule that is broken.
 */
export function applyRules<Facts>(
  rules: readonly Rule<Facts>[],
  facts: Facts,
  mimicLaxity: boolean,
): void {
  for (const { refusal, strict, broken } of rules) {
    if (strict && mimicLaxity) continue
    const cause = broken(facts)
    if (cause !== undefined) throw new Refusal(refusal, cause)
  }
}
