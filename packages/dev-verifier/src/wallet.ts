import { ASSERTION_TYPE } from './assertion.js'
import { anything, checkOptions, finite } from './checks.js'
import type { IssuedCredential } from './credentials.js'
import { signJwt, type Json } from './jwt.js'
import { keyPairFrom, type PrivateKeyInput } from './keys.js'
import { seconds } from './runtime.js'
import type { Server } from './server.js'

/** Departures from a correct token request. `undefined` removes a member. */
export interface TokenRequestOptions {
  /** Form fields. */
  readonly form?: Record<string, string | undefined>
  /** Claims of the client assertion. */
  readonly assertion?: Json
  /** Header parameters of the client assertion. */
  readonly assertionHeader?: Json
  /** Claims of the Verifiable Presentation. */
  readonly presentation?: Json
  /** Header parameters of the Verifiable Presentation. */
  readonly presentationHeader?: Json
  /** Signs the assertion with another private key. */
  readonly assertionKey?: PrivateKeyInput
  /** Signs the presentation with another private key. */
  readonly presentationKey?: PrivateKeyInput
  /** Life of assertion and presentation. Seconds. Default: 60. */
  readonly lifetime?: number
}

/** A machine's credential with the key it is bound to. */
export type Machine = Pick<IssuedCredential, 'credential' | 'privateKey' | 'did'>

/**
 * The form of a token request: client_credentials, with the presentation in the claim `vp_token` of
 * a client assertion; at a FIWARE Verifier the presentation itself.
 *
 * @throws Error for an option of another name, or a lifetime that is no number.
 */
export function tokenRequest(
  server: Server,
  machine: Machine,
  options: TokenRequestOptions = {},
): URLSearchParams {
  checkOptions('tokenRequest()', options, {
    form: anything,
    assertion: anything,
    assertionHeader: anything,
    presentation: anything,
    presentationHeader: anything,
    assertionKey: anything,
    presentationKey: anything,
    lifetime: finite,
  })
  const fields = { ...grantFields(server, machine, options), ...options.form }
  return new URLSearchParams(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined),
  )
}

function grantFields(
  server: Server,
  machine: Machine,
  options: TokenRequestOptions,
): Record<string, string> {
  if (server.settings.profile.family === 'fiware') {
    const vpToken = Buffer.from(presentation(server, machine, options)).toString('base64url')
    return { grant_type: 'vp_token', vp_token: vpToken, scope: 'learcredential' }
  }
  return {
    grant_type: 'client_credentials',
    client_id: machine.did,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: clientAssertion(server, machine, options),
  }
}

function clientAssertion(server: Server, machine: Machine, options: TokenRequestOptions): string {
  const isPlain = server.settings.profile.family === 'oauth'
  const claims = {
    ...holderClaims(server, machine, options),
    aud: server.settings.issuer,
    ...(!isPlain && { vp_token: encodedPresentation(server, machine, options) }),
    ...options.assertion,
  }
  const key = keyPairFrom(options.assertionKey ?? machine.privateKey.hex)
  return signJwt({ typ: 'JWT', kid: machine.did, ...options.assertionHeader }, claims, key)
}

function encodedPresentation(
  server: Server,
  machine: Machine,
  options: TokenRequestOptions,
): string {
  return Buffer.from(presentation(server, machine, options)).toString('base64')
}

function presentation(server: Server, machine: Machine, options: TokenRequestOptions): string {
  const vp = {
    '@context': ['https://www.w3.org/2018/credentials/v1'],
    type: ['VerifiablePresentation'],
    id: `urn:uuid:${server.settings.runtime.uuid()}`,
    holder: machine.did,
    verifiableCredential: [machine.credential],
  }
  const { kty, crv, x, y } = machine.privateKey.jwk
  const header = {
    typ: 'JWT',
    kid: machine.did,
    jwk: { kty, crv, x, y },
    ...options.presentationHeader,
  }
  const claims = { ...holderClaims(server, machine, options), vp, ...options.presentation }
  return signJwt(header, claims, keyPairFrom(options.presentationKey ?? machine.privateKey.hex))
}

function holderClaims(
  { settings: { runtime } }: Server,
  { did }: Machine,
  { lifetime = 60 }: TokenRequestOptions,
): Json {
  const now = seconds(runtime)
  return { iss: did, sub: did, jti: runtime.uuid(), iat: now, exp: now + lifetime }
}
