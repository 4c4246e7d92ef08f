/*
 * What a handler sees of a caller. A validated token in, a frozen context out.
 */
import {
  readCredential,
  type Credential,
  type Mandate,
  type Power,
} from './credential/credential.js'
import { parseJws, type JwsHeader } from './jwt/jws.js'
import { deepFreeze } from './kit/json.js'
import type { Scheme } from './kit/errors.js'
import { frozenCopy } from './kit/members.js'
import type { CallerKind } from './options/profiles.js'
import type { Confirmation } from './rules/confirmation.js'
import type { Validated } from './rules/validated.js'

/** The claims of an access token, as they stand in it. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * The caller, and what the Verifier says it may do: what a handler gets to see. Deeply frozen.
 *
 * Only what names no person is enumerable, and so in a log, in JSON or in a spread: `issuer`,
 * `clientId`, `scopes`, `tenant`, `kind`, `powers` and `expiresAt`. The rest is read by name.
 */
export interface AuthContext<C extends object = Claims> {
  /** The access token itself, for calling others on the caller's behalf. */
  readonly token: string
  /** The header of the token (RFC 7515 §4). */
  readonly header: JwsHeader
  /** Every claim, as it stands in the token. */
  readonly claims: C
  /** `iss`: the Verifier that issued the token. */
  readonly issuer: string
  /**
   * `sub` as it stands: a DID, an address or an e-mail, depending on the Verifier's generation; no
   * stable key for a user.
   */
  readonly subject: string | undefined
  /**
   * The calling client. For a machine's credential it is the DID that the Verifier bound the token
   * to (`sub`, or the id of the credential's subject), and `mandatee.id` only where it states no
   * other. Else it is `client_id` or `azp`, and under `auto` also Okta's `cid` or Entra's `appid`.
   */
  readonly clientId: string | undefined
  /** `scope` or `scp`, one by one. */
  readonly scopes: readonly string[]
  /** The tenant that the token was issued for. */
  readonly tenant: string | undefined
  /** What kind of actor it is, by its credential; `none` without one. */
  readonly kind: CallerKind
  /** The powers of the mandate; empty for a token without a credential. */
  readonly powers: readonly Power[]
  /** The mandate in the credential: who granted the powers, and to whom. */
  readonly mandate: Mandate | undefined
  /** The credential behind the token, in one form for every dialect. */
  readonly credential: Credential | undefined
  /** When the token expires, in seconds since 1970. */
  readonly expiresAt: number
  /** The scheme of the request: `DPoP` with a proof of the token's key, else `Bearer`. */
  readonly scheme: Scheme
  /**
   * The keys that the token is bound to, each of them shown by the request; `undefined` for a
   * bearer token.
   */
  readonly confirmation: Confirmation | undefined
}

/** Makes the context of a caller, with the claims that were read for the decision. */
export function createContext(validated: Validated): AuthContext {
  const { token, header, claims, credential } = validated
  return new Context(token, summaryOf(validated), {
    header,
    claims,
    hasCredential: credential !== undefined,
  })
}

/**
 * The same context for keeping: it reads its claims from the token again when they are asked for.
 */
export function contextToKeep(context: AuthContext): AuthContext {
  return (context as Context).withoutClaims()
}

/** The organisation that granted the caller's mandate. */
export function organizationOf(auth: AuthContext): string | undefined {
  return Context.organizationOf(auth)
}

/** What is read once, whether or not a handler asks for it. */
type Summary = Pick<
  AuthContext,
  | 'issuer'
  | 'clientId'
  | 'scopes'
  | 'tenant'
  | 'kind'
  | 'powers'
  | 'expiresAt'
  | 'subject'
  | 'confirmation'
> & { readonly organization: string | undefined }

/** What was read of the token, and what is made of it once a handler asks. */
interface Contents {
  readonly header: JwsHeader
  readonly claims: Claims
  readonly hasCredential: boolean
  credential?: Credential | undefined
  isFrozen?: true
}

/**
 * What must not show in a log is behind getters, which no log, spread or JSON follows. A context
 * that is kept holds no claims: most handlers never read them, and thousands of remembered contexts
 * are the smaller for it.
 */
class Context implements AuthContext {
  readonly issuer: string
  readonly clientId: string | undefined
  readonly scopes: readonly string[]
  readonly tenant: string | undefined
  readonly kind: CallerKind
  readonly powers: readonly Power[]
  readonly expiresAt: number
  readonly #subject: string | undefined
  readonly #organization: string | undefined
  readonly #confirmation: Confirmation | undefined
  readonly #token: string
  #contents: Contents | undefined

  constructor(token: string, summary: Summary, contents: Contents | undefined) {
    this.issuer = summary.issuer
    this.clientId = summary.clientId
    this.scopes = summary.scopes
    this.tenant = summary.tenant
    this.kind = summary.kind
    this.powers = summary.powers
    this.expiresAt = summary.expiresAt
    this.#subject = summary.subject
    this.#organization = summary.organization
    this.#confirmation = summary.confirmation
    this.#token = token
    this.#contents = contents
    Object.freeze(this)
  }

  /** Without parsing the token again, as the mandate would. */
  static organizationOf(auth: AuthContext): string | undefined {
    if (#organization in auth) return auth.#organization
    return auth.mandate?.mandator.organizationIdentifier
  }

  withoutClaims(): Context {
    const summary = {
      ...this,
      subject: this.#subject,
      organization: this.#organization,
      confirmation: this.#confirmation,
    }
    return new Context(this.#token, summary, undefined)
  }

  get subject(): string | undefined {
    return this.#subject
  }

  /** A token with a `jkt` comes as DPoP, and no other does: see `binding.ts`. */
  get scheme(): Scheme {
    return this.#confirmation?.jkt === undefined ? 'Bearer' : 'DPoP'
  }

  get confirmation(): Confirmation | undefined {
    return this.#confirmation
  }

  get token(): string {
    return this.#token
  }

  get header(): JwsHeader {
    return this.#read().header
  }

  get claims(): Claims {
    const contents = this.#read()
    if (contents.isFrozen !== true) {
      deepFreeze(contents.claims)
      contents.isFrozen = true
    }
    return contents.claims
  }

  get mandate(): Mandate | undefined {
    return this.credential?.mandate
  }

  get credential(): Credential | undefined {
    const contents = this.#read()
    if (!contents.hasCredential) return undefined
    return (contents.credential ??= frozenCredential(this.claims))
  }

  /** The text of a token that was validated, read by the same functions, says the same again. */
  #read(): Contents {
    return (this.#contents ??= contentsOf(this.#token, this.kind))
  }
}

function contentsOf(token: string, kind: CallerKind): Contents {
  const { header, claims } = parseJws(token)
  return { header, claims, hasCredential: kind !== 'none' }
}

function frozenCredential(claims: Claims): Credential | undefined {
  const credential = readCredential(claims)
  if (credential !== undefined) deepFreeze(credential.raw)
  return credential
}

const NO_POWERS: readonly Power[] = Object.freeze([])

function summaryOf({ claims, issuer, clientId, credential, confirmation }: Validated): Summary {
  return {
    issuer,
    clientId,
    scopes: scopesOf(claims),
    tenant: (claims['tenant'] as string | undefined) ?? credential?.tenant,
    kind: credential?.kind ?? 'none',
    powers: credential?.powers ?? NO_POWERS,
    expiresAt: claims['exp'] as number,
    subject: claims['sub'] as string | undefined,
    organization: credential?.organizationIdentifier,
    confirmation,
  }
}

/** RFC 8693 §4.2: `scope`, separated by spaces; some servers write `scp` or a list. */
function scopesOf(claims: Claims): readonly string[] {
  const stated = claims['scope'] ?? claims['scp'] ?? []
  const list = typeof stated === 'string' ? stated.split(' ') : (stated as readonly string[])
  return frozenCopy(list.filter((scope) => scope !== ''))
}
