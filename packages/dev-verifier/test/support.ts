import type {
  DevVerifier,
  IssuedCredential,
  Listeners,
  RefusedEvent,
  TokenRequestOptions,
} from '../src/index.js'
import { createAuthority } from '../src/certificate.js'
import { createSeal, signWithSeal } from '../src/credential-issuer.js'
import { decodeJwt, type Json } from '../src/jwt.js'
import { publicJwk, type CredentialAlgorithm } from '../src/keys.js'

/** The profiles with the client_credentials grant. */
export const JAVA_PROFILES = ['eudistack-3.3', 'eudistack-3.0', 'eudistack-2', 'dome'] as const

/** When tests begin whose clock is held. */
export const START = Date.parse('2026-11-28T12:00:00Z')

/** An Issuer of the test's own, which signs whatever it is given. */
export function createForeignIssuer(
  id = 'did:elsi:VATES-T0000000T',
  algorithm: CredentialAlgorithm = 'ES256',
) {
  const authority = createAuthority(START)
  const seal = createSeal(authority, id, algorithm, START)
  return {
    id,
    jwk: publicJwk(seal.key),
    key: seal.key,
    sign: (claims: Json) => signWithSeal('JWT', claims, seal, authority),
  }
}

/** Sends the token request of a machine, without a port. */
export const requestToken = (
  verifier: DevVerifier,
  machine: IssuedCredential,
  options?: TokenRequestOptions,
): Promise<Response> => postForm(verifier, verifier.tokenRequest(machine, options))

export const postForm = (
  verifier: DevVerifier,
  form: URLSearchParams,
  headers: Record<string, string> = {},
): Promise<Response> =>
  verifier.fetch(`${verifier.issuer}/oidc/token`, { method: 'POST', body: form, headers })

/** Listeners that write down why requests were refused, and what failed. */
export function recordRefusals(): { log: string[]; events: Listeners } {
  const log: string[] = []
  const refused = ({ check, cause }: RefusedEvent) => void log.push(`${check}: ${cause}`)
  const failed: Listeners['failed'] = ({ message }) => void log.push(`failed: ${message}`)
  return { log, events: { tokenRefused: refused, requestRefused: refused, failed } }
}

/** Status, and `error` of the body or `-` where there is no body at all. */
export async function answerOf(response: Response): Promise<string> {
  const body = await response.text()
  return `${response.status} ${body === '' ? '-' : String((JSON.parse(body) as Json)['error'])}`
}

export async function grantedClaims(response: Response): Promise<Json> {
  const { access_token } = (await response.json()) as { access_token: string }
  return decodeJwt(access_token).claims
}

export const getJson = async (verifier: DevVerifier, path: string): Promise<Json> =>
  (await (await verifier.fetch(verifier.issuer + path)).json()) as Json
