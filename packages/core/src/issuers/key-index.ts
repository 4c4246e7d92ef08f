/*
 * The published keys of one Verifier, found by id. JWK Set document in, index out (RFC 7517 §5).
 * Foreign and malformed keys spoil nothing beside them.
 */
import type { AlgorithmRow } from '../jwt/algorithms.js'
import { publishedKey, readyKey, unfitness, type Jwk, type PublishedKey } from '../jwt/key.js'
import { materialOf } from '../jwt/key-types.js'
import { printable } from '../kit/display.js'

/** More keys than this under one id, or with none, are not tried: each costs a signature check. */
const MAX_CANDIDATES = 4

/** A published key that can't be used, and why. */
export interface IgnoredKey {
  readonly kid: string | undefined
  readonly why: string
}

/** The usable keys of a set. */
export interface KeyIndex {
  readonly keys: ReadonlySet<PublishedKey>
  readonly byKid: ReadonlyMap<string | undefined, readonly PublishedKey[]>
  /** Keys that no allowed algorithm can use, and why; a sample of a long list. */
  readonly ignored: readonly IgnoredKey[]
}

/** What a new index has that the old one had not, and the other way round. */
export interface KeyChanges {
  readonly added: readonly PublishedKey[]
  readonly removed: readonly PublishedKey[]
}

/** No key at all. */
export const NO_KEYS: KeyIndex = Object.freeze<KeyIndex>({
  keys: new Set(),
  byKid: new Map(),
  ignored: [],
})

const MAX_REPORTED = 10
/**
 * New keys that are made ready while the set is read, so that a point beside its curve counts for
 * nothing: that takes time, and no Verifier publishes more.
 */
const MAX_IMPORTED = 64

/**
 * Reads a JWK Set document.
 *
 * A key that was there before, unchanged, keeps its record and so the decisions that rest on it.
 * Each key is taken as the document states it now: one that was good may come with its private
 * member this time, or for another use.
 *
 * @returns the index, or a phrase that says what was found instead of a key set
 */
export function indexKeys(
  document: unknown,
  rows: readonly AlgorithmRow[],
  previous: KeyIndex = NO_KEYS,
): KeyIndex | string {
  const { keys: stated } = Object(document) as { keys?: unknown }
  if (!Array.isArray(stated)) return otherDocument(document)
  const known = new Map([...previous.keys].map((key) => [identity(key.jwk), key]))
  const keys = new Set<PublishedKey>()
  const byKid = new Map<string | undefined, PublishedKey[]>()
  const ignored: IgnoredKey[] = []
  let imports = 0
  for (const jwk of stated as unknown[]) {
    if (!isJwk(jwk)) {
      ignored.push({ kid: undefined, why: 'it is no JSON object with "kty" and "kid" as text' })
      continue
    }
    const name = identity(jwk)
    const isKnown = known.has(name)
    const key = known.get(name) ?? publishedKey(jwk)
    if (keys.has(key)) continue
    if (!isKnown) imports += 1
    const mayImport = isKnown || imports <= MAX_IMPORTED
    const group = byKid.get(jwk.kid) ?? []
    const why = problemOf(jwk, key, { rows, mayImport, rivals: group.length })
    if (why !== undefined) {
      ignored.push({ kid: shown(jwk.kid), why })
      continue
    }
    keys.add(key)
    known.set(name, key)
    byKid.set(jwk.kid, [...group, key])
  }
  return { keys, byKid, ignored: ignored.slice(0, MAX_REPORTED) }
}

/** Says what a key set without any usable key has in it. */
export function describeUnusable({ ignored }: KeyIndex, rows: readonly AlgorithmRow[]): string {
  const [first] = ignored
  const others =
    first === undefined ? 'none at all' : `${ignored.length} others; of the first, ${first.why}`
  return `no key that ${rows.map((row) => row.name).join(', ')} can use (${others})`
}

/** Compares two indexes. */
export function changes(
  { keys: before }: KeyIndex = NO_KEYS,
  { keys: after }: KeyIndex,
): KeyChanges {
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
  return index.keys.size === 1 ? [...index.keys] : []
}

/** A key id as it may stand in an event: a Verifier chose it. */
export function shown(kid: string | undefined): string | undefined {
  return kid === undefined ? undefined : printable(kid)
}

/**
 * Equal for keys that verify the same signatures under the same id. What is no text makes no key,
 * and may be of any depth.
 */
export function identity(jwk: Jwk): string {
  const { kid, use, alg, key_ops } = jwk
  const operations = Array.isArray(key_ops)
    ? (key_ops as readonly unknown[]).slice(0, MAX_REPORTED)
    : []
  return JSON.stringify(
    [kid, use, alg, ...Object.values(materialOf(jwk)), ...operations].map((part) =>
      typeof part === 'string' ? part : null,
    ),
  )
}

function isJwk(value: unknown): value is Jwk {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { kid, kty } = value as Jwk
  return typeof kty === 'string' && (kid === undefined || typeof kid === 'string')
}

interface Circumstances {
  readonly rows: readonly AlgorithmRow[]
  readonly mayImport: boolean
  /** Usable keys before it under the same id. */
  readonly rivals: number
}

/** Why a key is ignored, or `undefined` for one that can be used. */
function problemOf(
  jwk: Jwk,
  key: PublishedKey,
  { rows, mayImport, rivals }: Circumstances,
): string | undefined {
  const why = firstProblem(rows, jwk, (row) => unfitness(jwk, row))
  if (why !== undefined) return why
  const failed = mayImport ? firstProblem(rows, jwk, (row) => failedImport(key, row)) : undefined
  if (failed !== undefined || rivals < MAX_CANDIDATES) return failed
  return `there are ${MAX_CANDIDATES} others under its id`
}

/** Known at once on Node; elsewhere a key shows only when it is used. */
function failedImport(key: PublishedKey, row: AlgorithmRow): string | undefined {
  const ready = readyKey(key, row)
  return 'unfit' in ready ? ready.unfit : undefined
}

/** Why no algorithm can use a key, or `undefined` as soon as one can. */
function firstProblem(
  rows: readonly AlgorithmRow[],
  { kty }: Jwk,
  problem: (row: AlgorithmRow) => string | undefined,
): string | undefined {
  let why: string | undefined
  for (const row of rows) {
    const found = problem(row)
    if (found === undefined) return undefined
    // The algorithm of the key's own type explains more than one it was never meant for.
    if (why === undefined || row.kty === kty) why = found
  }
  return why ?? 'no algorithm is allowed'
}

/** What was configured or published instead of a key set, in words. */
function otherDocument(document: unknown): string {
  const { kty, jwks_uri: jwksUri } = Object(document) as { kty?: unknown; jwks_uri?: unknown }
  if (jwksUri !== undefined)
    return 'metadata: leave "jwksUri" out, or state the address that stands in it as "jwks_uri"'
  return kty === undefined ? 'no "keys" array' : 'a single key: wrap it as { keys: [key] }'
}
