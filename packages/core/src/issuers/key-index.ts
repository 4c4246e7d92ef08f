import type { AlgorithmRow } from '../jwt/algorithms.js'
import { printable } from '../kit/errors.js'
import { publishedKey, readyKey, unfitness, type Jwk, type PublishedKey } from '../jwt/key.js'

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

/** No key at all. */
export const NO_KEYS: KeyIndex = Object.freeze({ byKid: new Map(), size: 0, ignored: [] })

const MAX_REPORTED = 10
/**
 * New keys that are made ready while the set is read, so that a point beside its curve counts for
 * nothing: that takes time, and no Verifier publishes more.
 */
const MAX_IMPORTED = 64

/**
 * Reads a JWK Set document (RFC 7517 §5), leaving out what can't be used: foreign and malformed
 * keys must not spoil the good ones beside them.
 *
 * A key that was there before, unchanged, keeps its record and so the decisions that rest on it.
 *
 * @returns the index, or a phrase that says what was found instead of a key set
 */
export function indexKeys(
  document: unknown,
  rows: readonly AlgorithmRow[],
  previous?: KeyIndex,
): KeyIndex | string {
  const keys =
    typeof document === 'object' && document !== null
      ? (document as { keys?: unknown }).keys
      : undefined
  if (!Array.isArray(keys)) return otherDocument(document)
  const known = new Map([...all(previous)].map((key) => [identity(key.jwk), key]))
  const byKid = new Map<string | undefined, PublishedKey[]>()
  const ignored: { kid: string | undefined; why: string }[] = []
  let size = 0
  let met = 0
  for (const jwk of keys as unknown[]) {
    if (!isJwk(jwk)) {
      ignored.push({ kid: undefined, why: 'it is no JSON object with "kty" and "kid" as text' })
      continue
    }
    const { kid } = jwk
    const name = identity(jwk)
    const before = known.get(name)
    const key = before ?? publishedKey(jwk)
    const mayImport = before !== undefined || (met += 1) <= MAX_IMPORTED
    const why = uselessness(jwk, rows) ?? (mayImport ? failedImports(key, rows) : undefined)
    if (why !== undefined) {
      ignored.push({ kid: shown(kid), why })
      continue
    }
    known.set(name, key)
    const group = byKid.get(kid) ?? []
    if (group.includes(key)) continue
    if (group.length === MAX_CANDIDATES) {
      ignored.push({ kid: shown(kid), why: `there are ${MAX_CANDIDATES} others under its id` })
      continue
    }
    byKid.set(kid, group)
    group.push(key)
    size += 1
  }
  if (size > 0) return { byKid, size, ignored: ignored.slice(0, MAX_REPORTED) }
  const [first] = ignored
  const others =
    first === undefined ? 'none at all' : `${ignored.length} others; of the first, ${first.why}`
  return `no key that ${rows.map((row) => row.name).join(', ')} can use (${others})`
}

/** Compares two indexes. */
export function changes(previous: KeyIndex | undefined, next: KeyIndex): KeyChanges {
  const before = new Set(all(previous))
  const after = new Set(all(next))
  return {
    added: [...after].filter((key) => !before.has(key)),
    removed: [...before].filter((key) => !after.has(key)),
  }
}

/**
 * The keys that may have signed a token: those with its `kid`, or, for a token without one, the
 * only key there is.
 *
 * A `kid` is text to compare and nothing else: it names no file, no address and no other key.
 */
export function candidates(index: KeyIndex, kid: string | undefined): readonly PublishedKey[] {
  if (kid !== undefined) return index.byKid.get(kid) ?? []
  return index.size === 1 ? [...all(index)] : []
}

/** A key id as it may stand in an event: a Verifier chose it. */
export function shown(kid: string | undefined): string | undefined {
  return kid === undefined ? undefined : printable(kid)
}

/** Ends what was decided by these keys, in whatever memory it is. */
export function distrust(keys: Iterable<PublishedKey>): void {
  for (const key of keys) key.trusted = false
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

/**
 * Judged by the document as it is now: a key that was good may come with its private member this
 * time, or for another use.
 */
function uselessness(jwk: Jwk, rows: readonly AlgorithmRow[]): string | undefined {
  return unlessOne(rows, jwk, (row) => unfitness(jwk, row))
}

/** Known at once on Node; elsewhere a key shows only when it is used. */
function failedImports(key: PublishedKey, rows: readonly AlgorithmRow[]): string | undefined {
  return unlessOne(rows, key.jwk, (row) => {
    const ready = readyKey(key, row)
    return 'unfit' in ready ? ready.unfit : undefined
  })
}

/** @returns why no algorithm can use a key, or `undefined` as soon as one can */
function unlessOne(
  rows: readonly AlgorithmRow[],
  { kty }: Jwk,
  unfit: (row: AlgorithmRow) => string | undefined,
): string | undefined {
  let why: string | undefined
  for (const row of rows) {
    const reason = unfit(row)
    if (reason === undefined) return undefined
    // The algorithm of the key's own type tells more than one it was never meant for.
    if (why === undefined || row.kty === kty) why = reason
  }
  return why ?? 'no algorithm is allowed'
}

/** What people put in the place of a key set. */
function otherDocument(document: unknown): string {
  const { kty, jwks_uri: jwksUri } = (document ?? {}) as { kty?: unknown; jwks_uri?: unknown }
  if (jwksUri !== undefined)
    return 'metadata: leave "jwksUri" out, or state the address that stands in it as "jwks_uri"'
  return kty === undefined ? 'no "keys" array' : 'a single key: wrap it as { keys: [key] }'
}

/**
 * Equal for keys that verify the same signatures under the same id. What is no text makes no key,
 * and may be of any depth.
 */
export function identity({ kid, kty, crv, x, y, n, e, use, alg, key_ops }: Jwk): string {
  const operations = Array.isArray(key_ops)
    ? (key_ops as readonly unknown[]).slice(0, MAX_REPORTED)
    : []
  return JSON.stringify(
    [kid, kty, crv, x, y, n, e, use, alg, ...operations].map((part) =>
      typeof part === 'string' ? part : null,
    ),
  )
}
