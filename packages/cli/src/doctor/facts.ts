/*
 * What the doctor knows before it asks, and how it asks.
 */
import {
  systemRuntime,
  type IssuerOptions,
  type ResourceServerOptions,
  type Runtime,
} from '@verifier-guard/core'
import type { CliRuntime } from '../runtime.js'

/** What is to be checked. */
export interface Facts {
  readonly options: ResourceServerOptions
  readonly runtime: CliRuntime
  /** The address of the Verifier within a private network. */
  readonly inside?: string | undefined
  readonly token?: string | undefined
}

/** The issuers that are configured by name: what a template stands for is not known here. */
export function namedIssuers({ options }: Facts): readonly IssuerOptions[] {
  const { issuer, jwksUri, keys } = options
  const shared = Object.fromEntries(
    Object.entries({ jwksUri, keys }).filter(([, value]) => value !== undefined),
  )
  return [issuer]
    .flat()
    .filter((entry) => typeof entry !== 'function')
    .map((entry) => (typeof entry === 'string' ? { issuer: entry } : entry))
    .map((entry) => (hasKeys(entry) ? entry : { ...entry, ...shared }))
    .filter((entry) => !entry.issuer.includes('{tenant}'))
}

/** An issuer's own keys take the place of shared ones. */
function hasKeys({ jwksUri, keys }: IssuerOptions): boolean {
  return jwksUri !== undefined || keys !== undefined
}

/** The options with one of the issuers alone. */
export function optionsFor({ options }: Facts, own: IssuerOptions): ResourceServerOptions {
  const { jwksUri: _uri, keys: _keys, ...others } = options
  return { ...others, issuer: own, keySet: { ...options.keySet, prefetch: false } }
}

/** How documents are fetched: as a resource server does, within the same limits. */
export function limitsOf({ options: { keySet } }: Facts) {
  return { timeout: (keySet?.timeout ?? 5) * 1_000, maxBytes: keySet?.maxBytes ?? 524_288 }
}

/** Core's runtime on the command's network and clock. */
export function networkOf({ runtime }: Facts): Runtime {
  return { ...systemRuntime, fetch: runtime.fetch, now: runtime.now }
}
