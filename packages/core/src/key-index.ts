import type { AlgorithmRow } from './algorithms.js'
import { publishedKey, unfitness, type Jwk, type PublishedKey } from './key.js'

/** More keys than this under one id, or with none, are not tried: each costs a signature check. */
const MAX_CANDIDATES = 4

/** The published keys of one Verifier, found by id. */
export interface KeyIndex {
  readonly byKid: ReadonlyMap<string | undefined, readonly PublishedKey[]>
  readonly size: number
  /** Keys that no allowed algorithm can use, and why; a sample of a long list. */
  readonly ignored: readonly { readonly kid: string | undefined; readonly why: string }[]
}

/** What a new index has that the old one had not, and the other way round. */
export interface KeyChanges {
  readonly added: readonly PublishedKey[]
  readonly removed: readonly PublishedKey[]
}

const MAX_REPORTED = 10

/**
 * Reads a JWK Set document (RFC 7517 §5), leaving out what can't be used: foreign and malformed keys must not spoil the good ones beside them.
 *
 * A key that was there before, unchanged, keeps its record and so the decisions that rest on it.
 *
 * @returns the index, or a phrase that says what was found instead of a key set
 */
export function indexKeys(document: unknown, rows: readonly AlgorithmRow[], previous?: KeyIndex): KeyIndex | string {
  const keys = typeof document === 'object' && document !== null ? (document as { keys?: unknown }).keys : undefined
  if (!Array.isArray(keys)) return 'no "keys" array'
  const known = new Map([...all(previous)].map((key) => [identity(key.jwk), key]))
  const byKid = new Map<string | undefined, PublishedKey[]>()
  const ignored: { kid: string | undefined; why: string }[] = []
  let size = 0
  for (const jwk of keys as unknown[]) {
    const why = isJwk(jwk) ? uselessness(jwk, rows) : 'it is no JSON object with "kty" and "kid" as text'
    if (why !== undefined) {
      ignored.push({ kid: isJwk(jwk) ? jwk.kid : undefined, why })
      continue
    }
    const { kid } = jwk as Jwk
    const key = known.get(identity(jwk as Jwk)) ?? publishedKey(jwk as Jwk)
    known.set(identity(key.jwk), key)
    const group = byKid.get(kid) ?? []
    if (group.includes(key)) continue
    if (group.length === MAX_CANDIDATES) {
      ignored.push({ kid, why: `there are ${MAX_CANDIDATES} others under its id` })
      continue
    }
    byKid.set(kid, group)
    group.push(key)
    size += 1
  }
  if (size > 0) return { byKid, size, ignored: ignored.slice(0, MAX_REPORTED) }
  return `no key that ${rows.map((row) => row.name).join(', ')} can use (${ignored.length} others)`
}

/** Compares two indexes. */
export function changes(previous: KeyIndex | undefined, next: KeyIndex): KeyChanges {
  const before = new Set(all(previous))
  const after = new Set(all(next))
  return { added: [...after].filter((key) => !before.has(key)), removed: [...before].filter((key) => !after.has(key)) }
}

/**
 * The keys that may have signed a token: those with its `kid`, or, for a token without one, the only key there is.
 *
 * A `kid` is text to compare and nothing else: it names no file, no address and no other key.
 */
export function candidates(index: KeyIndex, kid: string | undefined): readonly PublishedKey[] {
  if (kid !== undefined) return index.byKid.get(kid) ?? []
  return index.size === 1 ? [...all(index)] : []
}

/** Every key of an index. */
export function* all(index: KeyIndex | undefined): Iterable<PublishedKey> {
  for (const group of index?.byKid.values() ?? []) yield* group
}

function isJwk(value: unknown): value is Jwk {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { kid, kty } = value as Jwk
  return typeof kty === 'string' && (kid === undefined || typeof kid === 'string')
}

function uselessness(jwk: Jwk, rows: readonly AlgorithmRow[]): string | undefined {
  let why: string | undefined
  for (const row of rows) {
    const unfit = unfitness(jwk, row)
    if (unfit === undefined) return undefined
    // The algorithm of the key's own type tells more than one it was never meant for.
    if (why === undefined || row.kty === jwk.kty) why = unfit
  }
  return why ?? 'no algorithm is allowed'
}

/** Equal for keys that verify the same signatures under the same id. */
function identity({ kid, kty, crv, x, y, n, e, use, alg, key_ops }: Jwk): string {
  return JSON.stringify([kid, kty, crv, x, y, n, e, use, alg, key_ops])
}
