/*
 * Holds a token to the keys it is bound to. Confirmation and presented credentials in, the fields
 * of a good answer out, or a denial. Asked of every request and never remembered: a proof is for
 * one request alone. The token decides: no mode lets a bound one pass as a bearer token.
 */
import { Denial, type FieldPair } from './kit/errors.js'
import { andThen, type Later } from './kit/later.js'
import type { Presented } from './presented/authorization.js'
import { proofField } from './presented/proof.js'
import type { RequestLike } from './presented/request.js'
import type { Confirmation } from './rules/confirmation.js'
import type { ValidatedToken } from './token-cache.js'

/** What a request must show, and by what. */
export interface ProofInput {
  /** The thumbprint in the token's confirmation. */
  readonly thumbprint: string
  readonly known: ValidatedToken
  readonly request: RequestLike
  /** The framework's own request, for functions of the application. */
  readonly own?: unknown
  /** What stands for the request, whatever copy of it this is. Default: the request. */
  readonly identity?: object | undefined
  /** The text of the DPoP proof, if there is one. */
  readonly proof: string | undefined
}

/**
 * Shows that the sender holds the key of a thumbprint, by its request.
 *
 * @returns fields for a good answer, if there are any
 * @throws {Denial} where the request does not show it
 */
export type Proof = (demand: ProofInput) => Later<readonly FieldPair[] | undefined>

/** The ways to show a key, by the member of the confirmation; a missing one cannot be shown. */
export interface Proofs {
  readonly x5tS256?: Proof | undefined
  readonly jkt?: Proof | undefined
}

/** What a resource server asks of presentations. */
export interface BindingRules {
  readonly proofs: Proofs
  /** Whether a token must have a DPoP key. */
  readonly requiresDpop: boolean
}

const HINTS = {
  x5tS256: 'its certificate can be checked once "certificate" says where client certificates are',
  jkt: 'its proof can be checked once "resource" states the public URL of this API, and "dpop" is not disabled',
}

/**
 * Refuses the scheme DPoP where no proof can be checked. It is no absence of credentials either:
 * optional authentication does not allow it as anonymous.
 *
 * @throws {Denial} `token_missing`
 */
export function refuseScheme({ scheme }: Presented, { proofs }: BindingRules): void {
  if (scheme === 'Bearer' || proofs.jkt !== undefined) return
  throw new Denial('token_missing', {
    check: 'token',
    expected: 'an Authorization field with a bearer token',
    actual: 'credentials of the scheme "DPoP"',
    hint: HINTS.jkt,
  })
}

/**
 * What is presented, with the text of its DPoP proof.
 *
 * @throws {Denial} `dpop_proof_invalid` for several proofs
 */
export function withProof(presented: Presented): Presented {
  const { scheme, request } = presented
  if (scheme === 'Bearer' || request === undefined) return presented
  return { ...presented, proof: proofField(request) }
}

/**
 * Holds a token to what it is bound to.
 *
 * @returns the fields of a good answer, if there are any
 * @throws {Denial} `token_bound`, `token_not_bound`, and those of the proofs
 */
export function checkBinding(
  known: ValidatedToken,
  presented: Presented,
  { proofs, requiresDpop }: BindingRules,
): Later<readonly FieldPair[] | undefined> {
  const { confirmation } = known
  const isDpop = presented.scheme === 'DPoP'
  if (confirmation === undefined && !isDpop && !requiresDpop) return undefined
  if (confirmation?.unsupported !== undefined) throw cannotConfirm(confirmation.unsupported)
  if (confirmation?.jkt === undefined && (isDpop || requiresDpop)) throw notBound(presented)
  // RFC 9449 §7.2: a thief of the token would send it without its proof.
  if (confirmation!.jkt !== undefined && !isDpop) throw asBearer(presented, proofs)
  return showKeys(confirmation!, { known, presented, proofs })
}

/** What a request shows, and how it may be checked. */
interface Shown {
  readonly known: ValidatedToken
  readonly presented: Presented
  readonly proofs: Proofs
}

/** Every key is shown (RFC 7800 §3.1); the proof comes last, as it is used up. */
function showKeys(
  { x5tS256, jkt }: Confirmation,
  shown: Shown,
): Later<readonly FieldPair[] | undefined> {
  const certificate = x5tS256 === undefined ? undefined : showKey('x5tS256', x5tS256, shown)
  if (jkt === undefined) return certificate
  return andThen(certificate, () => showKey('jkt', jkt, shown))
}

function showKey(
  member: keyof Proofs,
  thumbprint: string,
  { known, presented: { request, own, identity, proof }, proofs }: Shown,
): Later<readonly FieldPair[] | undefined> {
  if (request === undefined) throw withoutRequest()
  const show = proofs[member]
  if (show === undefined) throw cannotConfirm(`its ${member}`, HINTS[member])
  return show({ thumbprint, known, request, own, identity, proof })
}

function cannotConfirm(what: string, hint?: string): Denial {
  return new Denial('token_bound', {
    check: 'binding',
    expected: 'a token without "cnf", or with one that can be confirmed',
    actual: `one bound to a key: ${what}`,
    hint:
      hint ??
      'only "jkt" and "x5t#S256" can be confirmed; a credential\'s own "cnf" belongs into the credential',
  })
}

function withoutRequest(): Denial {
  return new Denial('token_bound', {
    check: 'binding',
    expected: 'a bearer token',
    actual: 'one bound to a key ("cnf"), without the request that it came with',
    hint: 'authenticate(request) can check its proof; a token alone proves nothing',
  })
}

function asBearer({ request }: Presented, { jkt }: Proofs): Denial {
  if (request === undefined) return withoutRequest()
  return new Denial('token_bound', {
    check: 'binding',
    expected: 'a bearer token, or the scheme DPoP with a proof',
    actual: 'a token bound to a key ("cnf.jkt"), as Bearer',
    hint:
      jkt === undefined
        ? HINTS.jkt
        : 'the client must send "Authorization: DPoP <token>" and a proof',
  })
}

function notBound({ scheme }: Presented): Denial {
  return new Denial('token_not_bound', {
    check: 'binding',
    expected: 'a token bound to a DPoP key ("cnf.jkt")',
    actual: `one that is not, as ${scheme}`,
    hint: 'the client must ask the authorization server for a DPoP token (RFC 9449 §5)',
  })
}
