import type { KeyObject } from 'node:crypto'
import type { AuthenticatedClient } from './assertion.js'
import { publicKeyOfDid, withoutFragment } from './did-key.js'
import { decodeJwt, hasValidSignature, isObject, type DecodedJwt, type Json } from './jwt.js'
import { keyOfJwk, publicJwk, thumbprint, type Jwk } from './keys.js'
import type { CredentialRules } from './profiles.js'
import { applyRules, Refusal, type RefusalCode, type Rule } from './refusals.js'
import { holderOf } from './tokens.js'

/** A presentation and the credential inside, both decoded and neither verified. */
export interface Presentation {
  readonly vp: DecodedJwt
  readonly vc: DecodedJwt
  /** The credential itself: the claim `vc`, or the claims where there is none. */
  readonly credential: Json
}

/**
 * Standard Base64 (RFC 4648 §4): Java's basic decoder takes no `-`, `_` or white space, and no
 * wrong padding.
 */
const STANDARD_BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}(?:==)?|[A-Za-z\d+/]{3}=?)?$/

/**
 * Takes the presentation and its first credential out of the assertion's claim `vp_token`.
 *
 * @param vcClaim Whether the credential must be in the claim `vc`.
 * @throws Refusal when one of them is not what it should be.
 */
export function readPresentation(vpToken: unknown, vcClaim: boolean): Presentation {
  if (typeof vpToken !== 'string' || vpToken === '' || !STANDARD_BASE64.test(vpToken)) {
    throw new Refusal(
      'vp-encoding',
      'the claim vp_token must be the VP in standard Base64 (alphabet with + and /), not base64url',
    )
  }
  return decodePresentation(Buffer.from(vpToken, 'base64').toString('latin1'), vcClaim)
}

/**
 * Takes a presentation apart.
 *
 * @throws Refusal when it or its first credential is not what it should be.
 */
export function decodePresentation(token: string, vcClaim: boolean): Presentation {
  const vp = decode(token, 'vp-malformed', 'vp_token')
  return { vp, ...readCredential(vp.claims['vp'], vcClaim) }
}

function readCredential(vp: unknown, vcClaim: boolean): Pick<Presentation, 'vc' | 'credential'> {
  const credentials = isObject(vp) ? vp['verifiableCredential'] : undefined
  const first: unknown = Array.isArray(credentials) ? credentials[0] : undefined
  if (typeof first !== 'string') {
    throw new Refusal(
      'vp-malformed',
      'vp.verifiableCredential must be an array whose first element is the credential as a compact JWT',
    )
  }
  const vc = decode(first, 'credential-malformed', 'the credential')
  const credential = vc.claims['vc'] ?? (vcClaim ? undefined : vc.claims)
  if (isObject(credential)) return { vc, credential }
  throw new Refusal(
    'credential-missing',
    `the credential's claim vc must be an object; found ${credential === undefined ? 'none' : 'another value'}`,
  )
}

function decode(token: string, refusal: RefusalCode, what: string): DecodedJwt {
  try {
    return decodeJwt(token)
  } catch (error) {
    throw new Refusal(refusal, `${what}: ${(error as Error).message}`)
  }
}

/** What a presentation is checked against. */
export interface PresentationContext {
  /** Seconds since 1970. */
  readonly now: number
  readonly holder: CredentialRules['holder']
  readonly mimicLaxity: boolean
}

interface Facts extends Presentation {
  readonly key: KeyObject
  readonly client: AuthenticatedClient
  readonly now: number
}

const rules: readonly Rule<Facts>[] = [
  {
    refusal: 'vp-binding',
    broken: ({ vp, key }) =>
      namesAnotherKey(vp.header, key)
        ? "the VP's header (kid or jwk) names another key than the one the credential is bound to"
        : undefined,
  },
  {
    refusal: 'vp-signature',
    broken: ({ vp, key }) =>
      hasValidSignature(vp, key)
        ? undefined
        : 'the VP is not signed (ES256) by the key the credential is bound to',
  },
  {
    refusal: 'vp-expired',
    strict: true,
    broken: ({ vp, now }) =>
      Number.isInteger(vp.claims['exp']) && (vp.claims['exp'] as number) > now
        ? undefined
        : 'the VP has expired, or its exp is not an integer in seconds',
  },
  {
    refusal: 'client-binding',
    strict: true,
    broken: ({ client, key }) =>
      sameKey(key, () => publicKeyOfDid(client.did))
        ? undefined
        : 'client_id is not the holder of the credential',
  },
]

/**
 * Checks that the holder of the credential signed the presentation, and is the client.
 *
 * @throws Refusal with the reason.
 */
export function checkPresentation(
  presentation: Presentation,
  client: AuthenticatedClient,
  { now, holder, mimicLaxity }: PresentationContext,
): void {
  // Verifiers that go by the mandatee ignore `cnf`, which RFC 7800 §3.1 does not.
  const ignoresCnf = holder === 'mandatee' && mimicLaxity
  const cnf = ignoresCnf ? {} : cnfOf(presentation)
  if (holder === 'cnf' && !isObject(cnf['jwk']))
    throw new Refusal('vp-binding', 'the credential must be bound to a key by cnf.jwk; it has none')
  const key = boundKey(presentation, cnf)
  applyRules(rules, { ...presentation, key, client, now }, mimicLaxity)
}

function cnfOf({ vc, credential }: Presentation): Json {
  return [vc.claims['cnf'], credential['cnf']].find(isObject) ?? {}
}

/** The key a credential is bound to: `cnf.jwk`, else `cnf.kid`, else the holder's DID. */
function boundKey({ credential }: Presentation, cnf: Json): KeyObject {
  const jwk = cnf['jwk']
  const did = cnf['kid'] ?? holderOf(credential)
  try {
    return isObject(jwk) ? keyOfJwk(jwk as Jwk) : publicKeyOfDid(did as string)
  } catch {
    throw new Refusal(
      'vp-binding',
      'the credential is bound to no P-256 key: neither cnf.jwk, cnf.kid nor mandatee.id holds one',
    )
  }
}

function namesAnotherKey({ kid, jwk }: Json, key: KeyObject): boolean {
  if (isObject(jwk)) return !sameKey(key, () => keyOfJwk(jwk as Jwk))
  if (typeof kid !== 'string' || !kid.startsWith('did:')) return false
  return !sameKey(key, () => publicKeyOfDid(withoutFragment(kid)))
}

function sameKey(key: KeyObject, other: () => KeyObject): boolean {
  try {
    return (
      thumbprint(publicJwk({ publicKey: key })) === thumbprint(publicJwk({ publicKey: other() }))
    )
  } catch {
    return false
  }
}
