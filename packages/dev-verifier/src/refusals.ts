/** What the token endpoint answers to a failure. */
export interface RefusalAnswer {
  readonly status: number
  readonly headers?: Record<string, string>
  /** The body; none at all when absent. */
  readonly body?: Record<string, string>
}

function oauth(error: string, status = 400): RefusalAnswer {
  return { status, body: { error } }
}
function empty(status: number): RefusalAnswer {
  return { status }
}
function always(answer: RefusalAnswer) {
  return { bare: answer, translated: answer }
}
/**
 * In Verifiers before 3.2.1 the exception escapes the filter, and the error page itself needs
 * authentication.
 */
function escapes(translated: RefusalAnswer) {
  return { bare: empty(403), translated }
}

/**
 * Every reason for which a request is refused, most of them the token endpoint's, with the answer
 * of Verifiers before 3.2.1 (`bare`) and since (`translated`). The answer tells a client next to
 * nothing: the true cause goes to the event `tokenRefused` or `requestRefused`.
 */
export const refusals = {
  'malformed-request': always(oauth('invalid_request')),
  'body-too-large': always(empty(413)),
  'misdirected-request': always({ status: 421, headers: { 'content-type': 'text/plain' } }),
  'rate-limit': always({ status: 429, headers: { 'retry-after': '60' } }),
  'no-client-authentication': always(empty(401)),
  'missing-grant-type': escapes(oauth('invalid_request')),
  'unsupported-grant-type': escapes(oauth('unsupported_grant_type')),
  'unknown-client': { bare: oauth('invalid_client', 401), translated: oauth('invalid_client') },
  'assertion-malformed': {
    bare: oauth('invalid_client', 401),
    translated: oauth('invalid_client'),
  },
  'assertion-signature': {
    bare: oauth('invalid_client', 401),
    translated: oauth('invalid_client'),
  },
  'assertion-issuer': { bare: oauth('invalid_client', 401), translated: oauth('invalid_client') },
  'assertion-subject': { bare: oauth('invalid_client', 401), translated: oauth('invalid_client') },
  'assertion-audience': { bare: oauth('invalid_client', 401), translated: oauth('invalid_client') },
  'assertion-audience-form': escapes(oauth('invalid_client')),
  'assertion-expired': { bare: oauth('invalid_client', 401), translated: oauth('invalid_client') },
  'assertion-jti': escapes(oauth('invalid_client')),
  'assertion-replayed': escapes(oauth('invalid_client')),
  'vp-encoding': escapes(oauth('invalid_client')),
  'vp-malformed': escapes(oauth('invalid_client')),
  'vp-signature': escapes(oauth('invalid_client')),
  'vp-expired': escapes(oauth('invalid_client')),
  'vp-binding': escapes(oauth('invalid_client')),
  'client-binding': escapes(oauth('invalid_client')),
  'credential-malformed': { bare: oauth('invalid_request'), translated: oauth('invalid_client') },
  'credential-type': escapes(oauth('invalid_client')),
  'credential-not-yet-valid': escapes(oauth('invalid_grant')),
  'credential-expired': escapes(oauth('invalid_grant')),
  'credential-revoked': escapes(oauth('invalid_grant')),
  'credential-issuer-untrusted': escapes(oauth('invalid_client')),
  'credential-signature': escapes(oauth('invalid_client')),
  'status-list-unreachable': escapes(oauth('server_error')),
  'tenant-mismatch': escapes(oauth('invalid_client')),
} as const satisfies Record<string, { bare: RefusalAnswer; translated: RefusalAnswer }>

/** The name of a reason for which a token is refused. */
export type RefusalCode = keyof typeof refusals

/** Thrown by a check; the message is the true cause, for the developer's console alone. */
export class Refusal extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode, cause: string) {
    super(cause)
    this.name = 'Refusal'
    this.code = code
  }
}

/** One check: the refusal it ends in, and the true cause if the facts break it. */
export interface Rule<Facts> {
  readonly refusal: RefusalCode
  /**
   * Stricter than the real Verifiers, which let this pass: skipped when their laxity is mimicked.
   */
  readonly strict?: true
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
