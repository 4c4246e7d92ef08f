import {
  readCredential,
  type Credential,
  type Mandate,
  type Power,
  type Standing,
} from './credential/credential.js'
import { compact } from './kit/members.js'
import type { TrustedIssuer } from './issuers/issuer.js'
import { deepFreeze } from './kit/json.js'
import { parseJws, type JwsHeader } from './jwt/jws.js'
import type { Kind } from './options/profiles.js'
import type { VerifiedJws } from './jwt/signature.js'

/** The claims of an access token, as they stand in it. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * Who calls, and what the Verifier says they may do: what a handler gets to see. Deeply frozen.
 *
 * Only what names no person is enumerable, and so in a log, in JSON or in a spread: `issuer`,
 * `clientId`, `scopes`, `tenant`, `kind`, `powers` and `expiresAt`. The rest is read by name.
 */
export interface AuthContext<C extends object = Claims> {
  /** The access token itself, for calling others on the caller's behalf. */
  readonly token: string
  readonly header: JwsHeader
  readonly claims: C
  readonly issuer: string
  /**
   * `sub` as it stands: a DID, an address or an e-mail, depending on the Verifier's generation; no
   * stable key for a user.
   */
  readonly subject: string | undefined
  /**
   * The calling client: the machine's DID where the token carries its credential, else `client_id`
   * or `azp`.
   */
  readonly clientId: string | undefined
  readonly scopes: readonly string[]
  readonly tenant: string | undefined
  readonly kind: Kind
  /** What the mandate grants; empty for a token without a credential. */
  readonly powers: readonly Power[]
  readonly mandate: Mandate | undefined
  readonly credential: Credential | undefined
  /** When the token expires, in seconds since 1970. */
  readonly expiresAt: number
}

/** Builds what the handler sees from a verified token and what was read of its credential. */
export function createContext(
  jws: VerifiedJws,
  issuer: TrustedIssuer,
  standing: Standing | undefined,
): AuthContext {
  return new Context(jws, issuer.issuer, standing)
}

/**
 * What must not show in a log is behind getters, which no log, spread or JSON follows. They read it
 * from the token anew when they are asked: most handlers never do, and thousands of remembered
 * contexts are the smaller for it.
 */
class Context implements AuthContext {
  readonly issuer: string
  readonly clientId: string | undefined
  readonly scopes: readonly string[]
  readonly tenant: string | undefined
  readonly kind: Kind
  readonly powers: readonly Power[]
  readonly expiresAt: number
  readonly #subject: string | undefined
  readonly #token: string
  #unfolded: Unfolded | undefined

  constructor({ token, claims }: VerifiedJws, issuer: string, standing: Standing | undefined) {
    this.issuer = issuer
    this.clientId = clientOf(claims, issuer, standing)
    this.scopes = scopesOf(claims)
    this.tenant = (claims['tenant'] as string | undefined) ?? standing?.tenant
    this.kind = standing?.kind ?? 'none'
    this.powers = standing?.powers ?? NO_POWERS
    this.expiresAt = claims['exp'] as number
    this.#subject = claims['sub'] as string | undefined
    this.#token = token
    Object.freeze(this)
  }

  get subject(): string | undefined {
    return this.#subject
  }

  get token(): string {
    return this.#token
  }

  get header(): JwsHeader {
    return this.#unfold().header
  }

  get claims(): Claims {
    return this.#unfold().claims
  }

  get mandate(): Mandate | undefined {
    return this.credential?.mandate
  }

  get credential(): Credential | undefined {
    return this.#unfold().credential
  }

  #unfold(): Unfolded {
    return (this.#unfolded ??= unfold(this.#token, this.kind !== 'none'))
  }
}

interface Unfolded {
  readonly header: JwsHeader
  readonly claims: Claims
  readonly credential: Credential | undefined
}

/** For a token that was verified: this text, read by the same functions, says what it said then. */
function unfold(token: string, hasCredential: boolean): Unfolded {
  const { header, claims } = parseJws(token)
  const credential = hasCredential ? readCredential(claims) : undefined
  if (credential !== undefined) deepFreeze(credential.raw)
  return { header, claims: deepFreeze(claims), credential }
}

const NO_POWERS: readonly Power[] = Object.freeze([])

/**
 * The Java Verifiers 1.3.7 to 2.x put their own address into `client_id`, which says nothing of the
 * caller.
 */
function clientOf(
  claims: Claims,
  issuer: string,
  standing: Standing | undefined,
): string | undefined {
  if (standing?.kind === 'machine' && standing.mandateeId !== undefined) return standing.mandateeId
  const stated = claims['client_id'] as string | undefined
  return stated !== undefined && stated !== issuer ? stated : (claims['azp'] as string | undefined)
}

/** RFC 8693 §4.2: `scope`, separated by spaces; some servers write `scp` or a list. */
function scopesOf(claims: Claims): readonly string[] {
  const stated = claims['scope'] ?? claims['scp'] ?? []
  const list = typeof stated === 'string' ? stated.split(' ') : (stated as readonly string[])
  return compact(list.filter((scope) => scope !== ''))
}
