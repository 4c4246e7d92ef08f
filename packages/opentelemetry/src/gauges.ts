/*
 * Measures every open resource server and token source: key sets, status lists, token caches and
 * tokens. Where several share an issuer, the worst value counts.
 */
import type { ResourceServerState } from '@verifier-guard/core/support'
import { channel } from 'node:diagnostics_channel'
import { OTHER } from './bounded.js'
import type { Measurement } from './instruments.js'

/** The state of an open token source of the client; times in seconds since 1970. */
interface TokenSourceState {
  readonly issuer: string
  readonly health: {
    readonly expiresAt: number | undefined
    readonly credentialValidUntil: number | undefined
  }
}

type Worst = (one: number, other: number) => number

/**
 * Makes the measuring of all gauges.
 *
 * @param now milliseconds since 1970
 */
export function createGauges(
  now: () => number,
  issuerOf: (issuer: string) => string,
): () => Iterable<Measurement> {
  return () => [
    ...worstOf(ask<ResourceServerState>('verifier-guard:state').flatMap(ofServer)),
    ...worstOf(ask<TokenSourceState>('verifier-guard:client:state').flatMap(ofSource)),
  ]

  function ofServer({ health, configuredAs, keyLimits, tokenCache }: ResourceServerState) {
    const keySets = health.issuers.flatMap(({ issuer, keys, age }): Measurement[] => {
      const { maxAge, maxStale } = keyLimits
      const configured = configuredAs(issuer)
      const attributes = { issuer: configured === undefined ? OTHER : issuerOf(configured) }
      const isStale = keys === 0 || (age !== undefined && age >= maxAge)
      return [
        { name: 'verifier_guard.key_set.keys', value: keys, attributes },
        { name: 'verifier_guard.key_set.stale', value: Number(isStale), attributes },
        { name: 'verifier_guard.key_set.max_age', value: maxAge, attributes },
        { name: 'verifier_guard.key_set.max_stale', value: maxStale, attributes },
        ...present('verifier_guard.key_set.age', age, attributes),
      ]
    })
    const lists = health.statusLists.flatMap(({ age }) =>
      present('verifier_guard.status_list.age', age),
    )
    return [
      ...keySets,
      ...lists,
      { name: 'verifier_guard.token_cache.entries', value: tokenCache.entries } as const,
      { name: 'verifier_guard.token_cache.size', value: tokenCache.bytes } as const,
    ]
  }

  function ofSource({ issuer, health }: TokenSourceState): Measurement[] {
    const { expiresAt, credentialValidUntil } = health
    const attributes = { issuer: issuerOf(issuer) }
    const until = (moment: number | undefined) => moment && moment - now() / 1_000
    return [
      ...present('verifier_guard.client.token.expires_in', until(expiresAt), attributes),
      ...present(
        'verifier_guard.client.credential.expires_in',
        until(credentialValidUntil),
        attributes,
      ),
    ]
  }
}

/** Every open resource server or token source adds its state at once. */
function ask<State>(name: string): State[] {
  const states: State[] = []
  channel(name).publish(states)
  return states
}

function present(
  name: Measurement['name'],
  value: number | undefined,
  attributes: Measurement['attributes'] = {},
): Measurement[] {
  return value === undefined ? [] : [{ name, value, attributes }]
}

const SUM: Worst = (one, other) => one + other

/** How values of the same issuer become one; the highest by default. */
const WORST: { readonly [Name in Measurement['name']]?: Worst } = {
  'verifier_guard.key_set.keys': Math.min,
  'verifier_guard.key_set.max_age': Math.min,
  'verifier_guard.key_set.max_stale': Math.min,
  'verifier_guard.token_cache.entries': SUM,
  'verifier_guard.token_cache.size': SUM,
  'verifier_guard.client.token.expires_in': Math.min,
  'verifier_guard.client.credential.expires_in': Math.min,
}

function worstOf(all: readonly Measurement[]): Iterable<Measurement> {
  const byKey = new Map<string, Measurement>()
  for (const one of all) {
    const key = `${one.name} ${String(one.attributes?.['issuer'])}`
    const known = byKey.get(key)
    const worst = WORST[one.name] ?? Math.max
    byKey.set(key, known === undefined ? one : { ...one, value: worst(known.value, one.value) })
  }
  return byKey.values()
}
