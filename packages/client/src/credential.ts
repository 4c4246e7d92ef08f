import { didKeyToJwk, isOnCurve, jwkToDidKey, type P256Jwk } from './did-key.js'
import { tokenSourceError, type TokenSourceError } from './errors.js'
import { decodeBase64, unwrapText } from './wrapped-text.js'
import { firstString, isObject, readClaims, readHeader, type JsonObject } from './json.js'
import { printable } from './display.js'
import { SECOND } from './time.js'

/**
 * What a LEARCredentialMachine says, as far as its holder needs to know. Read, not verified:
 * trusting it is the Verifier's part.
 */
export interface MachineCredential {
  /** The credential itself, a compact JWT. */
  readonly jwt: string
  /** The machine's identifier, `mandate.mandatee.id`: the client_id at the Verifier. */
  readonly clientId: string
  /** The did:key of the key the credential is bound to: the holder of the presentation. */
  readonly holder: string
  /** The key the credential is bound to: only its private half may present the credential. */
  readonly boundKey: P256Jwk
  /** When it becomes valid, in milliseconds since 1970. */
  readonly validFrom: number | undefined
  /** When it ends, in milliseconds since 1970. */
  readonly validUntil: number | undefined
  /** The domains of its powers, each once. */
  readonly domains: readonly string[]
  /** The algorithm that its issuer signed it with. */
  readonly algorithm: string | undefined
  /** Whether its header has the certificate of its issuer (`x5c`). */
  readonly hasCertificate: boolean
  /** Whether it names its key in `cnf.jwk`. */
  readonly hasConfirmationKey: boolean
}

/** Clocks differ; a credential issued just now is not refused for that. */
const CLOCK_SKEW = 60 * SECOND

/**
 * Reads a LEARCredentialMachine in any form its holders keep it: the compact JWT, the base64 of it,
 * either with white space, in quotation marks, or as bytes.
 *
 * Does not verify the issuer's signature, nor ask for the status.
 *
 * @throws {TokenSourceError} `credential_unreadable`.
 */
export function readCredential(input: string | Uint8Array): MachineCredential {
  const jwt = unwrap(input)
  const header = readHeader(jwt) ?? {}
  const claims = readClaims(jwt)
  if (claims === undefined)
    throw unreadableError(
      'a compact JWT with JSON claims',
      'a text of three parts that are not one',
    )
  // VCDM 1.1 nests the credential in `vc`; VCDM 2 has it at the root of the claims.
  const credential = isObject(claims.vc) ? claims.vc : claims
  refuseEmployee(credential)
  const subject = subjectOf(credential)
  const mandate = isObject(subject.mandate) ? subject.mandate : {}
  const mandatee = isObject(mandate.mandatee) ? mandate.mandatee : {}
  const identifier = firstString(mandatee.id, subject.id, claims.sub)
  const boundKey = findBoundKey(claims, credential, [subject.id, claims.sub, mandatee.id])
  const holder = jwkToDidKey(boundKey)
  return Object.freeze({
    jwt,
    clientId: identifier ?? holder,
    holder,
    boundKey,
    validFrom: date(credential.validFrom, credential.issuanceDate, claims.nbf),
    validUntil: date(credential.validUntil, credential.expirationDate, claims.exp),
    domains: domainsOf(mandate.power),
    algorithm: firstString(header.alg),
    hasCertificate: Array.isArray(header.x5c) && header.x5c.length > 0,
    hasConfirmationKey: confirmationOf(claims, credential).jwk !== undefined,
  })
}

/**
 * Refuses a credential outside its validity window: presenting it could only be refused.
 *
 * @param now milliseconds since 1970.
 * @throws {TokenSourceError} `credential_not_yet_valid`, `credential_expired`.
 */
export function checkValidity({ validFrom, validUntil }: MachineCredential, now: number): void {
  const expected = `a credential that is valid now (${new Date(now).toISOString()})`
  if (validFrom !== undefined && now < validFrom - CLOCK_SKEW) {
    const from = new Date(validFrom).toISOString()
    const found = `one that becomes valid at ${from}`
    throw tokenSourceError('credential_not_yet_valid', {
      expected,
      found,
      hint: 'is the clock right?',
    })
  }
  if (validUntil !== undefined && now >= validUntil) {
    const until = new Date(validUntil).toISOString()
    const found = `one that expired at ${until}`
    throw tokenSourceError('credential_expired', { expected, found, hint: 'have a new one issued' })
  }
}

function unwrap(input: string | Uint8Array): string {
  const compact = unwrapText(input)?.replace(/\s+/g, '')
  if (compact === undefined) throw unreadableError('a text', 'bytes that are none')
  if (compact === '') throw unreadableError('a credential', 'an empty text')
  if (compact.includes('~'))
    throw unreadableError('a compact JWT', 'an SD-JWT', 'ask the issuer for the W3C JWT form')
  if (compact.split('.').length === 3) return compact
  const decoded = unwrapText(decodeBase64(compact) ?? '')?.replace(/\s+/g, '')
  if (decoded?.split('.').length === 3) return decoded
  throw unreadableError(
    'a compact JWT or the base64 of one',
    `a text of ${compact.length} characters that is neither`,
  )
}

/** Members of a credential that hold its types, as resource servers read them. */
export const TYPE_MEMBERS = ['credential_type', 'type', 'vct', 'types'] as const

/** The types of a person's credential, as resource servers tell them. */
export const EMPLOYEE_TYPE =
  /^(?:LEARCredentialEmployee$|learcredential\.employee\.|eu\.europa\.ec\.eudi\.lce\.1$)/

function refuseEmployee(credential: JsonObject): void {
  const types = TYPE_MEMBERS.flatMap((member) => credential[member])
  const employee = types
    .filter((type) => typeof type === 'string')
    .find((type) => EMPLOYEE_TYPE.test(type))
  if (employee)
    throw unreadableError(
      'a LEARCredentialMachine',
      `a ${printable(employee)}`,
      "a person's credential gets no machine token",
    )
}

function subjectOf({ credentialSubject }: JsonObject): JsonObject {
  const subject: unknown = Array.isArray(credentialSubject)
    ? credentialSubject[0]
    : credentialSubject
  if (!isObject(subject))
    throw unreadableError(
      'a "credentialSubject"',
      'none',
      'is this the credential, or another token?',
    )
  return subject
}

/**
 * The order of the Verifier: `cnf.jwk`, `cnf.kid`, then the did:key of the subject (Verifier 3.1.7)
 * or of the mandatee.
 */
function findBoundKey(
  claims: JsonObject,
  credential: JsonObject,
  identifiers: readonly unknown[],
): P256Jwk {
  const cnf = confirmationOf(claims, credential)
  if (cnf.jwk !== undefined) return readConfirmationKey(cnf.jwk)
  const candidates = [cnf.kid, ...identifiers].filter((name) => typeof name === 'string')
  for (const candidate of candidates) {
    const key = didKeyToJwk(candidate)
    if (key) return key
  }
  throw unreadableError(
    'a key the credential is bound to ("cnf", or a did:key on P-256 as mandatee id)',
    'none',
  )
}

function confirmationOf(claims: JsonObject, credential: JsonObject): JsonObject {
  return [claims.cnf, credential.cnf].find(isObject) ?? {}
}

function readConfirmationKey(jwk: unknown): P256Jwk {
  if (isObject(jwk) && jwk.kty === 'EC' && jwk.crv === 'P-256') {
    const { x, y } = jwk
    if (typeof x === 'string' && typeof y === 'string' && isOnCurve({ x, y }))
      return { kty: 'EC', crv: 'P-256', x, y }
  }
  throw unreadableError(
    'a public key on P-256 in "cnf.jwk"',
    'another kind of key, or a point that is not on the curve',
  )
}

/** The first value that is a date: text of RFC 3339, or seconds since 1970 (RFC 7519 §2). */
function date(...values: readonly unknown[]): number | undefined {
  for (const value of values) {
    const time =
      typeof value === 'number'
        ? value * SECOND
        : typeof value === 'string'
          ? Date.parse(value)
          : NaN
    if (!Number.isNaN(new Date(time).getTime())) return time
  }
  return undefined
}

function domainsOf(powers: unknown): readonly string[] {
  const domains = [powers]
    .flat()
    .filter(isObject)
    .map((power) => firstString(power.domain, power.tmf_domain, power.tmfDomain)?.trim())
  return Object.freeze([...new Set(domains.filter((domain) => domain !== undefined))])
}

function unreadableError(expected: string, found: string, hint?: string): TokenSourceError {
  return tokenSourceError('credential_unreadable', {
    expected: `${expected} as "credential"`,
    found,
    hint,
  })
}
