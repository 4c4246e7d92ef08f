/*
 * What to do about each denial, for the operator. A check that knows the likely mistake gives a
 * cure of its own.
 */
import { ERRORS, type DenialReason, type ErrorCode } from '../kit/errors.js'

/** What to do about a denial, by its code. */
export const CURES: Readonly<Record<ErrorCode, string>> = Object.freeze({
  invalid_configuration: 'correct the option that the message names',
  token_missing: 'send "Authorization: Bearer <access token>"',
  authorization_malformed:
    'send "Authorization: Bearer <access token>", without quotes, commas or white space around it',
  authorization_repeated: 'send one access token, in one Authorization field',
  token_too_large:
    'ask the Verifier for a token with fewer powers; no access token is longer than 16 384 characters here',
  token_malformed: 'send the access token as the token endpoint returned it, unchanged',
  header_not_allowed: 'get the token from a Verifier that does not use this header member',
  algorithm_not_allowed: 'if the Verifier signs with this algorithm, name it in "algorithms"',
  issuer_not_trusted:
    'get the token from the configured Verifier, or configure the issuer exactly as the token states it',
  key_unknown: "get a new token: the key of this one is not among the Verifier's keys",
  key_unsuitable:
    'have the Verifier publish a key that fits the algorithm in type, curve, size, "use" and "alg"',
  signature_invalid: 'get a new token: this one was changed, or signed with another key',
  token_type_not_accepted: 'send the access token, not another JWT of the same Verifier',
  claim_invalid: 'have the Verifier state the claim as RFC 7519 and RFC 9068 define it',
  token_expired: 'get a new token, and renew it before it expires',
  token_not_yet_valid: "compare the clock here with the Verifier's",
  token_too_old: 'get a new token, or raise "maxTokenAge"',
  audience_mismatch: 'ask for a token for this API, or name in "audience" what its tokens carry',
  token_bound: 'send the proof of the key that the token is bound to',
  token_not_bound: 'ask the authorization server for a DPoP token (RFC 9449 §5)',
  dpop_proof_missing: 'send a DPoP proof with each request, in the header field "DPoP"',
  dpop_proof_invalid: 'make the proof for this method and address, just before the request',
  dpop_proof_replayed: 'make a new proof for each request, with a "jti" of its own',
  dpop_nonce_required: 'repeat the request with a proof that holds the nonce of this answer',
  dpop_key_mismatch: 'sign the proof with the key that the token is bound to',
  certificate_missing: 'call with the client certificate by which the token was obtained',
  certificate_malformed: 'have the proxy pass the certificate on in the format of "certificate"',
  certificate_mismatch: 'call with the client certificate by which the token was obtained',
  credential_malformed: 'have the credential issued again: its parts contradict each other',
  credential_expired: 'get a new credential from its issuer, and a new token with it',
  credential_revoked: 'get a new credential from its issuer: this one was revoked',
  kind_not_accepted: 'name the kinds of caller to accept in "kinds"',
  scope_missing: 'ask the Verifier for a token with this scope',
  power_missing: 'have a mandate issued that has this power, and get a new token with it',
  tenant_mismatch: 'get a token for the tenant that the request is for',
  claim_requirement_unmet: 'get a token whose claims meet what the route asks',
  rule_unmet: "see the application's own rule: it refused the caller",
  keys_unavailable: 'check that this process can reach the Verifier',
  status_unavailable: 'check that this process can reach the status list',
  replay_store_unavailable: 'check that this process can reach the store of used proofs',
  rule_failed: "see the application's own rule: it threw an error",
} satisfies Record<ErrorCode, string>)

/**
 * What to do about one denial. The hint of a missing right says what the caller has instead, and
 * not what to do.
 */
export function cureOf(code: ErrorCode, { hint }: Pick<DenialReason, 'hint'>): string {
  if (hint === undefined) return CURES[code]
  return ERRORS[code].status === 403 && code !== 'kind_not_accepted'
    ? `${hint}: ${CURES[code]}`
    : hint
}
