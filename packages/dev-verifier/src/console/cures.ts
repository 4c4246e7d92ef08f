/*
 * What a client's developer does about a refused token request, by the check that refused it.
 */

const ASSERTION =
  'Correct the client assertion: verifier-guard token, or @verifier-guard/client, writes a right one.'
const PRESENTATION =
  'Correct the presentation in vp_token: it is a JWT that the machine signs, in base64.'
const CREDENTIAL = 'Have a new credential issued, here under "Credential".'
const OUTAGE = 'Heal the fault under "Faults".'

/** The cures, by the first part of the check's name. */
const CURES: readonly (readonly [start: string, cure: string])[] = [
  ['assertion-replayed', 'Make a new assertion, with a jti of its own, for each request.'],
  ['assertion-expired', 'Make the assertion just before the request, and compare the clocks.'],
  ['assertion-audience', 'Address the assertion to the issuer: its aud is the issuer exactly.'],
  ['assertion', ASSERTION],
  ['vp', PRESENTATION],
  ['client-binding', 'Sign the assertion with the key that the credential is bound to.'],
  ['proof', 'Make a new DPoP proof for each request, with the method and address of that request.'],
  ['credential-revoked', CREDENTIAL],
  ['credential-expired', CREDENTIAL],
  ['credential-issuer', 'Name the organisation in trustedIssuers, or issue the credential here.'],
  ['credential', CREDENTIAL],
  ['mandator', 'Name the mandator in trustedIssuers.'],
  ['tenant', 'Ask for a tenant that the powers of the credential name.'],
  ['status-list', OUTAGE],
  ['issuers', OUTAGE],
  ['rate-limit', 'Keep a token until it expires, in place of a new one for each call.'],
  ['unknown-client', 'Use the did:key of the credential as client_id, or register the client.'],
  ['unknown-path', 'Compare the path with the metadata: was the context path left out?'],
  ['outside-path', 'Compare the path with the metadata: was the context path left out?'],
  ['misdirected', 'Set the option issuer to the address under which clients reach this Verifier.'],
  ['missing', 'Send the parameter that the cause names.'],
  ['unsupported-grant', 'Ask with grant_type=client_credentials.'],
]

/** What to do about a refusal. */
export function cureOf(check: string): string {
  return (
    CURES.find(([start]) => check.startsWith(start))?.[1] ??
    'Send what the cause says was expected.'
  )
}
