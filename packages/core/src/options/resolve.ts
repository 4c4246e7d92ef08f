/*
 * Checks what the application states, once and at start-up. Options in, settings out, or an error
 * that says what was expected, what was found and what to do.
 */
import { quote, quoteAddress } from '../kit/display.js'
import { configurationError } from '../kit/errors.js'
import { readOptions, namedWithin, type Filled } from '../kit/option-rows.js'
import { systemRuntime, type Runtime } from '../kit/runtime.js'
import { worksInBackground } from '../kit/single-flight.js'
import { certificateSettings } from './certificate.js'
import { dpopSettings } from './dpop.js'
import { issuerLookup } from './issuer-lookup.js'
import { issuerSettings, missingIssuer } from './issuer-settings.js'
import { isOpenToAll } from './issuer-template.js'
import type {
  IssuerLookup,
  IssuerOptions,
  IssuerSettings,
  KeySetLimits,
  ResourceServerOptions,
  Settings,
} from './options.js'
import { resourceAddresses } from './resource.js'
import { statusListSettings } from './status-lists.js'
import { CACHE_ROWS, KEY_SET_ROWS, SERVER_ROWS } from './table.js'

type Given = Filled<ResourceServerOptions, typeof SERVER_ROWS>

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {GuardError} `invalid_configuration`
 */
export function resolveOptions(options: ResourceServerOptions): Settings {
  if (typeof options !== 'object' || options === null) throw missingIssuer(quote(options))
  const given: Given = readOptions('options', options, SERVER_ROWS)
  const runtime = resolveRuntime(given.runtime)
  const { prefetch, ...limits } = keySetLimits(given)
  const { cache, status, allowInsecureHttp } = given
  const resources = resourceAddresses(given.resource, allowInsecureHttp)
  const settings: Settings = {
    ...issuersOf(options, limits, runtime),
    limits,
    prefetch: prefetch && worksInBackground,
    cache: cacheBounds(cache),
    status: status && statusListSettings(status, allowInsecureHttp),
    resources,
    dpop: dpopSettings(given.dpop, resources.length > 0),
    certificate: certificateSettings(given.certificate),
    clockTolerance: given.clockTolerance,
    maxTokenAge: given.maxTokenAge,
    checksCredentialValidity: given.credentialValidity === 'check',
    signatureThread: given.signatureThread,
    realm: given.realm,
    correlationId: given.correlationId,
    sampleDenied: given.sampleDenied,
    listeners: given.events,
    runtime,
  }
  for (const message of warnings(settings)) runtime.warn(message)
  return Object.freeze(settings)
}

function resolveRuntime(overrides: Partial<Runtime>): Runtime {
  const runtime = { ...systemRuntime, ...overrides }
  const missing = (Object.keys(systemRuntime) as (keyof Runtime)[]).find(
    (name) => runtime[name] === undefined,
  )
  if (missing === undefined) return Object.freeze(runtime)
  throw configurationError(
    `"runtime.${missing}" as a function`,
    'none',
    'leave it out for that of the process',
  )
}

function keySetLimits({ keySet, allowInsecureHttp }: Given): KeySetLimits & { prefetch: boolean } {
  const { maxAge, maxStale, timeout, maxBytes, prefetch } = readOptions(
    'options of "keySet"',
    keySet ?? {},
    namedWithin('keySet', KEY_SET_ROWS),
  )
  if (maxStale < maxAge)
    throw configurationError(
      '"keySet.maxStale" of at least "keySet.maxAge"',
      `${maxStale} s`,
      'stale keys are used in an outage only',
    )
  return {
    maxAge: maxAge * 1_000,
    maxStale: maxStale * 1_000,
    timeout: timeout * 1_000,
    maxBytes,
    insecureHttp: allowInsecureHttp,
    prefetch,
  }
}

function cacheBounds(cache: Given['cache']): Settings['cache'] {
  if (cache === null) return null
  return readOptions('options of "cache"', cache ?? {}, namedWithin('cache', CACHE_ROWS))
}

function issuersOf(
  options: ResourceServerOptions,
  { timeout, insecureHttp }: KeySetLimits,
  runtime: Runtime,
): Pick<Settings, 'issuers' | 'lookups'> {
  const listed = listOf(options)
  const resolve = (own: IssuerOptions) => issuerSettings(own, options, insecureHttp)
  const resolveLookedUp = (own: IssuerOptions) => ({ ...resolve(own), configuredAs: undefined })
  const issuers = listed
    .filter((entry) => typeof entry !== 'function')
    .map((entry) =>
      resolve((typeof entry === 'string' ? { issuer: entry } : entry) as IssuerOptions),
    )
  refuseRepeated(issuers)
  const lookups = listed
    .filter((entry) => typeof entry === 'function')
    .map((lookup) => issuerLookup(lookup as IssuerLookup, resolveLookedUp, timeout, runtime))
  return { issuers, lookups }
}

function listOf({ issuer, jwksUri, keys }: ResourceServerOptions): readonly unknown[] {
  const stated: readonly unknown[] = Array.isArray(issuer) ? issuer : [issuer]
  // The same text twice is one issuer.
  const listed = [...new Set(stated)]
  if (listed.length === 0) throw missingIssuer('an empty list')
  const [first] = listed
  const isOne = listed.length === 1 && typeof first !== 'function'
  if (isOne || (jwksUri === undefined && keys === undefined)) return listed
  throw configurationError(
    'keys of one issuer only',
    `"jwksUri" or "keys" beside ${typeof first === 'function' ? 'a lookup' : `${listed.length} issuers`}`,
    'state them within each issuer, or in what the lookup answers',
  )
}

function refuseRepeated(issuers: readonly IssuerSettings[]): void {
  const names = issuers.map(({ issuer }) => issuer)
  const repeated = names.find((issuer, index) => names.indexOf(issuer) !== index)
  if (repeated === undefined) return
  throw configurationError(
    'every issuer once',
    `${quoteAddress(repeated)} twice`,
    'only one of the settings would count',
  )
}

/** What works but is weaker than the developer may think, with what restricts access instead. */
function* warnings({ issuers, limits, dpop }: Settings): Iterable<string> {
  if (limits.insecureHttp)
    yield 'allowInsecureHttp is on: anyone on the way to the Verifier can publish keys of their own.'
  if (dpop?.nonce !== undefined && dpop.nonce.secrets === undefined)
    yield 'dpop.nonce has no "secrets": this process makes its own, and instances refuse each other\'s nonces. State the same secrets for all of them.'
  for (const own of issuers) {
    const { issuer, template, audience, idTokens } = own
    if (audience === null) yield anyAudience(own)
    if (idTokens === 'accept')
      yield `idTokens is "accept": id_tokens of ${issuer} are taken for access tokens, so whoever a user signs in to can call this API as that user; name a claim that only access tokens have, as { lack: 'name' }, if there is one.`
    if (template !== undefined && isOpenToAll(issuer))
      yield `the issuer ${issuer} takes every host below its last label for a Verifier of yours: where anyone can register a name there, anyone can issue tokens.`
    if (audience?.includes(issuer))
      yield `audience is the issuer ${issuer} itself: every machine's token is addressed so; only powers, tenant and other requirements restrict access.`
  }
}

function anyAudience({ issuer, clientIds, kinds, profile }: IssuerSettings): string {
  if (clientIds.length > 0)
    return `audience is null: tokens that ${issuer} issued to ${clientIds.join(' or ')} for any other API are accepted too; requirements have to restrict access.`
  const employees =
    profile.kinds !== undefined && kinds?.includes('employee')
      ? ', employees of any client included'
      : ''
  return `audience is null: tokens that ${issuer} issued for any other API are accepted${employees}; only requirements restrict access.`
}
