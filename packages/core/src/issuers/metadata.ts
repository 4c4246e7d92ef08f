/* Finds an issuer's key set by its metadata (RFC 8414, OpenID Connect Discovery). */
import { getJson, HttpFailure, type FetchLimits } from '../kit/http.js'
import type { Runtime } from '../kit/runtime.js'
import { describeInsecure, isLocal, likelyDifference } from '../kit/url.js'
import { quote, place, quoteAddress } from '../kit/display.js'

/** Authorization server metadata (RFC 8414 §2, OpenID Connect Discovery 1.0 §3), as published. */
export type Metadata = Readonly<Record<string, unknown>>

/**
 * Fetches the metadata of an authorization server from its well-known locations.
 *
 * Takes nothing from it on trust: `issuer` must be exactly the configured one (RFC 8414 §3.3), and
 * what it says of algorithms is for others to ignore.
 *
 * @throws {HttpFailure} when no location answers; `other_issuer` for another issuer's metadata,
 *   `unusable` for what is no metadata
 */
export async function fetchMetadata(
  issuer: string,
  limits: FetchLimits,
  runtime: Runtime,
  signal?: AbortSignal,
): Promise<Metadata> {
  const absences: string[] = []
  let last: HttpFailure | undefined
  for (const url of wellKnownLocations(issuer)) {
    try {
      return checkIssuer(await getJson(runtime, { url, ...limits, signal }), issuer)
    } catch (failure) {
      // Only "not here" leads to the next place: an outage is the same outage everywhere.
      if (!(
        failure instanceof HttpFailure &&
        failure.reason === 'status' &&
        isAbsence(failure.status)
      ))
        throw failure
      absences.push(`${failure.status} from ${place(url)}`)
      last = failure
    }
  }
  throw nowhere(issuer, absences, last)
}

function nowhere(
  issuer: string,
  absences: readonly string[],
  last: HttpFailure | undefined,
): HttpFailure {
  const hint =
    new URL(issuer).pathname === '/'
      ? 'is the context path missing, for instance /verifier?'
      : 'is its path right?'
  const message = `expected metadata of ${quote(issuer)}, got status ${absences.join(', ')}; ${hint}`
  return new HttpFailure('status', message, {
    ...(last?.status !== undefined && { status: last.status }),
    retryAfter: last?.retryAfter,
  })
}

/**
 * An address out of metadata that is fit to be called: over https, or plain http where the issuer
 * is reached so itself. The metadata of a Verifier elsewhere can't send this process to an address
 * on its own machine.
 *
 * @param metadata as {@link fetchMetadata} returned it
 * @throws {HttpFailure} `unusable` when it is missing or unfit
 */
export function endpoint(
  metadata: Metadata,
  name: string,
  { insecureHttp }: Pick<FetchLimits, 'insecureHttp'>,
): string {
  const value = metadata[name]
  const found =
    typeof value === 'string'
      ? unfitness(value, metadata['issuer'] as string, insecureHttp)
      : quote(value)
  if (found === undefined) return value as string
  const expected = `"${name}" in the metadata to be an https URL`
  throw new HttpFailure('unusable', `expected ${expected}, found ${found}`)
}

function unfitness(address: string, issuer: string, insecureHttp: boolean): string | undefined {
  const insecure = describeInsecure(address, insecureHttp)
  if (insecure !== undefined) return insecure
  const isHttp = (url: string) => new URL(url).protocol === 'http:'
  if (isHttp(address) && !isHttp(issuer) && !insecureHttp)
    return `${quoteAddress(address)}, which is not https`
  if (isLocal(address) && !isLocal(issuer))
    return `${quoteAddress(address)}, which is on this machine or its link: state it as "jwksUri" if it is meant`
  return undefined
}

/**
 * Where metadata may be: appended to the issuer as OpenID Connect does and the Java Verifiers serve
 * it, or inserted before its path as RFC 8414 §3.1 has it.
 */
export function wellKnownLocations(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const base = issuer.replace(/\/$/, '')
  const path = pathname.replace(/\/$/, '')
  const inserted = `${origin}/.well-known/oauth-authorization-server${path}`
  return [
    `${base}/.well-known/openid-configuration`,
    inserted,
    `${base}/.well-known/oauth-authorization-server`,
  ].filter((location, index, all) => all.indexOf(location) === index)
}

/** Whether a status means that there is nothing at this address, which may be elsewhere then. */
export function isAbsence(status: number | undefined): boolean {
  return status === 404 || status === 410 || status === 405 || status === 401 || status === 403
}

function checkIssuer(document: unknown, issuer: string): Metadata {
  const stated =
    typeof document === 'object' && document !== null ? (document as Metadata)['issuer'] : undefined
  if (stated === issuer) return document as Metadata
  const difference = typeof stated === 'string' ? likelyDifference([issuer], [stated]) : undefined
  const hint = `${difference === undefined ? '' : `${difference}; `}configure the issuer exactly as the Verifier states it`
  throw new HttpFailure(
    typeof stated === 'string' ? 'other_issuer' : 'unusable',
    `expected metadata of ${quote(issuer)}, found ${quote(stated)}: ${hint}`,
  )
}
