/*
 * The Verifier as this machine sees it: its certificates, its metadata and the addresses in it, and
 * its clock.
 */
import type { IssuerOptions } from '@verifier-guard/core'
import {
  connectionHint,
  sendBounded,
  getJson,
  HttpFailure,
  isAbsence,
  likelyDifference,
  wellKnownLocations,
  type BoundedAnswer,
} from '@verifier-guard/core/support'
import { harmless } from '../output.js'
import { limitsOf, networkOf, type Facts } from './facts.js'
import { bad, failed, good, warning, type DoctorFinding } from './findings.js'

type Json = Readonly<Record<string, unknown>>

const DAY = 86_400_000
const SOON = 14 * DAY

/** The certificates of an https address. */
export async function checkTls(facts: Facts, { issuer }: IssuerOptions): Promise<DoctorFinding[]> {
  const { protocol, hostname, port } = new URL(issuer)
  // An address keeps its brackets in a URL; a socket takes it without (RFC 3986 §3.2.2).
  const host = hostname.replace(/^\[|\]$/g, '')
  if (protocol !== 'https:')
    return [good('tls', 'https, or plain http that is allowed', 'plain http')]
  const expected = `certificates of ${hostname} that this machine trusts`
  try {
    const { problem, chain } = await facts.runtime.tls(host, Number(port || 443))
    const shown = chain.map(({ subject }) => harmless(subject)).join(' ← ')
    if (problem !== undefined)
      return [
        bad('tls', expected, `${harmless(problem)}: ${shown}`, connectionHint(problem) ?? TLS_CURE),
      ]
    const ends = Math.min(...chain.map(({ validTo }) => validTo))
    if (ends - facts.runtime.now() > SOON) return [good('tls', expected, shown)]
    const cure = 'have the certificate renewed before it expires'
    return [warning('tls', expected, `one that ends ${new Date(ends).toISOString()}`, cure)]
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const found = harmless(message)
    const cure = connectionHint(code) ?? 'check the address, DNS, and that the port speaks TLS'
    return [{ ...bad('tls', expected, found, cure), isUnreachable: true }]
  }
}

const TLS_CURE = 'have the certificate replaced; never switch the check off'

/** What the Verifier publishes of itself. */
export interface Published {
  readonly findings: readonly DoctorFinding[]
  readonly metadata?: Json
  /** The Verifier's clock, where it said it: milliseconds since 1970. */
  readonly date?: number
}

/** Looks for metadata where a resource server does, and compares its issuer. */
export async function readMetadata(facts: Facts, { issuer }: IssuerOptions): Promise<Published> {
  const expected = `metadata of exactly ${issuer}`
  const tried: string[] = []
  for (const url of wellKnownLocations(issuer)) {
    try {
      const answer = await sendBounded(networkOf(facts), { url, ...limitsOf(facts) })
      if (isAbsence(answer.status)) {
        tried.push(`${answer.status} from ${url}`)
        continue
      }
      return readAnswer(answer, url, issuer)
    } catch (error) {
      const cure = 'check that this machine can reach the Verifier at this address'
      return { findings: [failed('metadata', expected, error, cure)] }
    }
  }
  const cure =
    new URL(issuer).pathname === '/'
      ? 'is the context path missing? From Verifier 3.1 on the issuer ends in /verifier'
      : 'check the path, or name the key set in "jwksUri"'
  return { findings: [bad('metadata', expected, tried.join(', '), cure)] }
}

function readAnswer(answer: BoundedAnswer, url: string, issuer: string): Published {
  const date = Date.parse(answer.headers.get('date') ?? '')
  const clock = Number.isNaN(date) ? {} : { date }
  const expected = `metadata of exactly ${issuer}`
  const metadata = parsed(answer)
  if (typeof metadata === 'string') {
    const cure = 'is this a page or a proxy in front of the Verifier?'
    return { ...clock, findings: [bad('metadata', expected, `${metadata} from ${url}`, cure)] }
  }
  const { issuer: stated } = metadata
  if (stated === issuer) {
    const findings = [good('metadata', expected, url), ...checkAlgorithms(metadata)]
    return { ...clock, metadata, findings }
  }
  const shown = typeof stated === 'string' ? harmless(stated) : 'no issuer'
  const difference = likelyDifference([issuer], [shown])
  const cure = `${difference === undefined ? '' : `${difference}: `}set "issuer" to what the Verifier states, which its tokens carry in "iss"`
  return { ...clock, metadata, findings: [bad('issuer', `"issuer" ${issuer}`, shown, cure)] }
}

function parsed({ status, headers, body }: BoundedAnswer): Json | string {
  if (status !== 200) return `status ${status}`
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Json) : 'no JSON object'
  } catch {
    return harmless(headers.get('content-type') ?? 'something that is not JSON')
  }
}

/** What metadata say of algorithms selects none: the Java Verifiers state RS256 and sign ES256. */
function checkAlgorithms(metadata: Json): readonly DoctorFinding[] {
  const stated = metadata['id_token_signing_alg_values_supported']
  if (!Array.isArray(stated)) return []
  const names = harmless(stated.join(', '))
  return [good('algorithms stated', 'any: only "algorithms" decides', `${names}, which is ignored`)]
}

/** The addresses in the metadata: a Verifier behind a proxy may name one that is not reachable. */
export async function checkAddresses(
  facts: Facts,
  { issuer, jwksUri, keys }: IssuerOptions,
  metadata: Json,
): Promise<readonly DoctorFinding[]> {
  const stated = metadata['jwks_uri']
  if (jwksUri !== undefined || keys !== undefined)
    return [good('addresses', 'the place of the keys', jwksUri ?? 'the configuration')]
  const expected = `"jwks_uri" at ${new URL(issuer).origin}`
  if (typeof stated !== 'string')
    return [bad('addresses', expected, 'none', 'name the key set in "jwksUri"')]
  const found = harmless(stated)
  const origin = originOf(stated)
  if (origin === new URL(issuer).origin) return [good('addresses', expected, found)]
  const cure =
    'a proxy in front of the Verifier hides the outside address: have the Verifier state it, or name the key set in "jwksUri"'
  return [
    (await reaches(facts, stated))
      ? warning('addresses', expected, found, cure)
      : { ...bad('addresses', expected, `${found}, which can't be reached from here`, cure) },
  ]
}

function originOf(address: string): string | undefined {
  try {
    return new URL(address).origin
  } catch {
    return undefined
  }
}

async function reaches(facts: Facts, url: string): Promise<boolean> {
  try {
    await getJson(networkOf(facts), { url, ...limitsOf(facts) })
    return true
  } catch (error) {
    if (error instanceof HttpFailure) return false
    throw error
  }
}

/** The same Verifier by its address inside a private network: it must state the same issuer. */
export async function checkInside(
  facts: Facts,
  { issuer }: IssuerOptions,
): Promise<readonly DoctorFinding[]> {
  const { inside } = facts
  if (inside === undefined) return []
  const expected = `the Verifier inside the network to state ${issuer}`
  try {
    const stated = await statedAt(facts, inside)
    if (stated === issuer) return [good('inside address', expected, inside)]
    const cure =
      'configure the Verifier with its outside address, and the API with "jwksUri" at the inside one'
    return [bad('inside address', expected, harmless(String(stated)), cure)]
  } catch (error) {
    return [failed('inside address', expected, error, 'check the inside address')]
  }
}

/** The issuer that is stated at the first well-known place with an answer. */
async function statedAt(facts: Facts, address: string): Promise<unknown> {
  let missing: unknown
  for (const url of wellKnownLocations(address)) {
    try {
      const document = await getJson(networkOf(facts), { url, ...limitsOf(facts) })
      return (Object(document) as { issuer?: unknown }).issuer
    } catch (error) {
      if (!(error instanceof HttpFailure && isAbsence(error.status))) throw error
      missing ??= error
    }
  }
  throw missing
}

/** A difference that is worth a warning, in seconds. */
const NOTICEABLE = 5

/** The clock here against the Verifier's, by the `Date` field of its answer (RFC 9110 §6.6.1). */
export function checkClock(facts: Facts, date: number | undefined): readonly DoctorFinding[] {
  const tolerance = facts.options.clockTolerance ?? 30
  const expected = `a clock within ${tolerance} s of the Verifier's`
  if (date === undefined) return []
  const difference = Math.round((facts.runtime.now() - date) / 1_000)
  const found = `${Math.abs(difference)} s ${difference < 0 ? 'behind' : 'ahead'}`
  const cure = 'set the clock here by NTP, or that of the Verifier'
  if (Math.abs(difference) > tolerance) return [bad('clock', expected, found, cure)]
  if (Math.abs(difference) > NOTICEABLE) return [warning('clock', expected, found, cure)]
  return [good('clock', expected, found)]
}
