/*
 * Checks the DPoP proof of a request: the checks of RFC 9449 §4.3 and §7.1 in their order, the one
 * that uses the proof up last. What one request has shown says nothing of the next.
 */
import type { ProofInput, Proof } from '../binding.js'
import { quote, quoteAddress } from '../kit/display.js'
import { Denial, type FieldPair } from '../kit/errors.js'
import type { Emitter } from '../kit/events.js'
import { andThen, type Later } from '../kit/later.js'
import { sha256 } from '../kit/sha256.js'
import { readUrl } from '../kit/url.js'
import type { DpopSettings } from '../options/dpop.js'
import type { Settings } from '../options/options.js'
import type { ResourceAddress } from '../options/resource.js'
import type { RequestLike } from '../presented/request.js'
import type { ValidatedToken } from '../token-cache.js'
import { checkTimes, createFreshness, type Fresh } from './freshness.js'
import { createProofReader, invalid, type ProofClaims, type SignedProof } from './proof.js'
import { createReplays } from './replays.js'
import { isFor, targetsOf } from './target.js'

/** The proofs of a resource server. */
export interface DpopProofs {
  /** Shows that the sender of a request holds a DPoP key. */
  readonly show: Proof
  /** Shows that used proofs are remembered. @throws {Denial} `replay_store_unavailable` */
  readonly ready: () => Later<void>
}

/** What a request shows, and what came of it. */
interface CheckedRequest {
  readonly method: string | undefined
  /** Whole: a router within another sees less of it. */
  readonly url: string | undefined
  readonly token: string
  readonly proof: string
  readonly outcome: Later<readonly FieldPair[] | undefined>
}

/** Makes the check of DPoP proofs. */
export function createDpopProofs(
  { resources, runtime, signatureThread }: Settings,
  dpop: DpopSettings,
  emitter: Emitter,
): DpopProofs {
  const read = createProofReader(dpop.algorithms, signatureThread)
  const freshness = createFreshness(dpop, runtime)
  const replays = createReplays(dpop.replay, runtime, emitter)
  const shown = new WeakMap<object, CheckedRequest>()
  const hashOf = tokenHashes()

  /**
   * One request may be decided on several times: by nested guards, by the fields of a GraphQL
   * query, by each message on the socket that it opened. Its proof is used up once.
   */
  function show(demand: ProofInput): Later<readonly FieldPair[] | undefined> {
    const { request, identity = request, proof } = demand
    if (proof === undefined || proof === '') return freshness.missing()
    const before = shown.get(identity)
    if (before !== undefined && isSame(before, demand)) return before.outcome
    const outcome = check(demand, proof)
    const { method, url, originalUrl = url } = request
    const { token } = demand.known.context
    shown.set(identity, { method, url: originalUrl, token, proof, outcome })
    if (outcome instanceof Promise) outcome.catch(() => shown.delete(identity))
    return outcome
  }

  function check(demand: ProofInput, text: string): Later<readonly FieldPair[] | undefined> {
    return andThen(read(text), (proof) => {
      checkMethod(proof.claims, demand.request)
      checkTarget(proof.claims, demand.request, resources)
      checkTimes(proof.claims, runtime.now() / 1_000)
      return andThen(freshness.check(proof.claims), (fresh) =>
        andThen(hashOf(demand.known), (hash) => {
          checkToken(proof, hash, demand)
          return andThen(used(proof, fresh, demand), () => {
            proof.keepKey?.()
            return fresh.fields
          })
        }),
      )
    })
  }

  /** §11.1: by hash, as a client chooses how long its `jti` is, and by key, as it chooses which. */
  function used({ claims }: SignedProof, { ttl }: Fresh, demand: ProofInput): Later<void> {
    const { thumbprint: owner, request, identity = request } = demand
    return andThen(sha256(`${owner}.${claims.jti}`), (key) =>
      replays.use({ key, ttl, owner, request: identity }),
    )
  }

  return { show, ready: replays.ready }
}

/** The hash of a token is asked for with every request that it comes with. */
function tokenHashes(): (known: ValidatedToken) => Later<string> {
  const hashes = new WeakMap<ValidatedToken, string>()
  return (known) => {
    const hash = hashes.get(known)
    if (hash !== undefined) return hash
    return andThen(sha256(known.context.token), (made) => {
      hashes.set(known, made)
      return made
    })
  }
}

function isSame(
  shown: CheckedRequest,
  { known, proof, request: { method, url, originalUrl = url } }: ProofInput,
): boolean {
  return (
    shown.proof === proof &&
    shown.token === known.context.token &&
    shown.method === method &&
    shown.url === originalUrl
  )
}

/** §4.3 no. 8: methods differ by case (RFC 9110 §9.1). */
function checkMethod({ htm }: ProofClaims, { method }: RequestLike): void {
  if (method !== undefined && htm === method) return
  throw invalid(
    '"htm" as the method of the request',
    `${quote(htm)} for ${method === undefined ? 'a request whose method is not known' : quote(method)}`,
  )
}

/** §4.3 no. 9. */
function checkTarget(
  { htu }: ProofClaims,
  request: RequestLike,
  resources: readonly ResourceAddress[],
): void {
  const targets = targetsOf(request, resources)
  if (typeof targets === 'string') throw invalid('the URL of the request as "htu"', targets)
  if (isFor(htu, targets)) return
  // Origins alone: a path may name a person, or hold a secret.
  const origins = targets.map(originOf)
  const found = originOf(htu)
  throw invalid(
    `"htu" at ${origins.map(quoteAddress).join(' or ')}, with the path of the request`,
    origins.includes(found) ? 'another path there' : quoteAddress(found),
    'state in "resource" the public URL of this API, with the path that a gateway removes',
  )
}

/** §4.3 no. 12 a and b. */
function checkToken({ claims, thumbprint }: SignedProof, hash: string, demand: ProofInput): void {
  if (claims.ath !== hash)
    throw invalid('"ath" as the hash of the token beside it', 'that of another text')
  if (thumbprint === demand.thumbprint) return
  throw new Denial('dpop_key_mismatch', {
    check: 'proof',
    expected: `a proof by the key that the token is bound to, ${quote(demand.thumbprint)}`,
    actual: `one by ${thumbprint}`,
    hint: 'the client must keep the key for as long as the token',
  })
}

function originOf(address: string): string {
  return readUrl(address)?.origin ?? 'no address'
}
