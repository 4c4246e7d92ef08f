import type { Algorithm, AlgorithmRow } from '../jwt/algorithms.js'
import { configurationError, quote } from '../kit/errors.js'
import {
  checkListeners,
  checkRuntime,
  count,
  number,
  only,
  refuseUnknown,
  refuseUnknownWithin,
} from './checks.js'
import { EVENT_NAMES, type Listeners } from '../kit/events.js'
import type { JwkSet } from '../jwt/key.js'
import type { FetchLimits } from '../kit/http.js'
import { issuerLookup } from './issuer-lookup.js'
import { isOpenToAll, issuerTemplate, type IssuerTemplate } from './issuer-template.js'
import { checkTrust, trustSettings } from './trust.js'
import type { Kind, Profile, ProfileName } from './profiles.js'
import { systemRuntime, type Runtime } from '../kit/runtime.js'
import { describeInsecure, quoteAddress } from '../kit/url.js'

/** Where the keys come from: from the Verifier's metadata unless one of these is given. */
export type KeysOption =
  | { readonly jwksUri?: never; readonly keys?: never }
  | {
      /** Address of the JWK Set, in place of discovery. */ readonly jwksUri: string
      readonly keys?: never
    }
  | {
      /** The JWK Set itself: nothing is fetched, and rotation is yours. */ readonly keys: JwkSet
      readonly jwksUri?: never
    }

/** What is believed of one issuer's tokens. */
export interface TrustOptions {
  /**
   * Who a token must be addressed to (`aud`): one of these. Required, unless the profile has a rule
   * of its own (`dome`, `eudistack`: machine tokens are addressed to the Verifier). `null` switches
   * the check off. Leave it out for the profile's own rule: `undefined` is refused, as what an
   * unset environment variable leaves.
   */
  readonly audience?: string | readonly string[] | null
  /** The family of Verifiers, and so the defaults for their tokens. Default: `auto`. */
  readonly profile?: ProfileName
  /**
   * Client ids whose user tokens are accepted under the profiles `dome` and `eudistack`, where
   * `audience` is left out. Default: none; `undefined` is refused.
   */
  readonly clientIds?: readonly string[]
  /**
   * Kinds of actor that are let in. Default: the profile's; `machine` for `dome` and `eudistack`,
   * with `employee` once `clientIds` or an `audience` other than the Verifier itself is given.
   * `undefined` is refused.
   */
  readonly kinds?: readonly Kind[]
  /**
   * Signature algorithms that are accepted; never taken from discovery or the token. Default: the
   * profile's, `['ES256']` for most.
   */
  readonly algorithms?: readonly Algorithm[]
}

/**
 * One issuer with settings of its own; what is left out is taken from the resource server's
 * options.
 */
export type IssuerOptions = TrustOptions &
  KeysOption & {
    /**
     * The issuer exactly as its tokens state it, or a template with `{tenant}` in a host label,
     * though not the last, or in the path. What follows it in the host must be yours.
     */
    readonly issuer: string
    /**
     * What `{tenant}` may stand for, as a whole. Default: `[a-z0-9-]{1,64}`, the Verifier's own
     * rule.
     */
    readonly tenantPattern?: RegExp
  }

/**
 * Decides on an issuer that is not configured by name: its settings, or `undefined` to refuse it.
 * The answer must state exactly the issuer asked for.
 *
 * Asked for well-formed addresses only, but a caller invents those as he likes: compare the whole
 * of it. An issuer that is let in is remembered, up to 1 000 of them, and looked up again within
 * `keySet.maxAge`: refused then, or answered for otherwise, it is given up with all that was
 * decided by its keys. A refusal is not remembered. What the function throws, and an answer later
 * than `keySet.timeout`, end in 503; of an issuer let in before, the last answer holds meanwhile,
 * for `keySet.maxStale` at most.
 */
export type IssuerLookup = (
  issuer: string,
) => IssuerOptions | undefined | Promise<IssuerOptions | undefined>

/** Bounds of the key sets. */
export interface KeySetOption {
  /**
   * Age at which keys are fetched anew, in seconds, a day at most; refreshed in the background
   * ahead of it. Default: 600.
   */
  readonly maxAge?: number
  /**
   * Age at which keys are no longer used while the Verifier is out of reach, in seconds, a year at
   * most. Default: 86 400.
   */
  readonly maxStale?: number
  /**
   * Limit of one fetch over connection, headers and body, and of the time that a request waits for
   * keys, in seconds. Default: 5.
   */
  readonly timeout?: number
  /** Limit of a fetched document after decompression, in bytes. Default: 524 288. */
  readonly maxBytes?: number
}

/** Bounds of the memory for verified tokens. */
export interface CacheOption {
  /** Default: 5 000. */
  readonly maxEntries?: number
  /** Estimated heap of all entries, in bytes. Default: 33 554 432. */
  readonly maxBytes?: number
}

/** Everything a resource server can be told. */
export type ResourceServerOptions = TrustOptions &
  KeysOption & {
    /**
     * Whose tokens are accepted: exactly these issuers, compared character by character. Required.
     */
    readonly issuer:
      string | IssuerOptions | IssuerLookup | readonly (string | IssuerOptions | IssuerLookup)[]
    /** Difference of clocks that is forgiven in `exp`, `nbf` and `iat`, in seconds. Default: 30. */
    readonly clockTolerance?: number
    /**
     * Age since `iat` at which a token is refused although it has not expired, in seconds, a year
     * at most. Default: none.
     */
    readonly maxTokenAge?: number
    /** `null` accepts tokens whose credential is outside its validity window. */
    readonly credentialValidity?: null
    readonly keySet?: KeySetOption
    /** `null` verifies every token anew. */
    readonly cache?: CacheOption | null
    /** Name of the protected space in challenges (RFC 9110 §11.5). Default: none. */
    readonly realm?: string
    /**
     * Whether denials carry a random id for the caller to quote, the same as in the `denied` event.
     * Default: false.
     */
    readonly correlationId?: boolean
    /**
     * Accepts plain http beyond this machine: anybody on the way can then publish keys. Default:
     * false.
     */
    readonly allowInsecureHttp?: boolean
    /**
     * Functions to be told of events. Where nobody listens, likely mistakes in these options are
     * warned of, once each. Default: none.
     */
    readonly events?: Listeners
    /** What is replaced of {@link systemRuntime}; the rest stays. */
    readonly runtime?: Partial<Runtime>
  }

/**
 * Where the keys of a Verifier come from: its metadata, a fixed address, or the application itself.
 */
export type KeyOrigin =
  { readonly discovery: string } | { readonly jwksUri: string } | { readonly keys: JwkSet }

/** Bounds of a key set; times in milliseconds. */
export interface KeySetLimits extends FetchLimits {
  /** Age at which keys should have been fetched anew. */
  readonly maxAge: number
  /** Age at which keys are not used any more, however long the Verifier has been out of reach. */
  readonly maxStale: number
}

/** The settings of one issuer, every default filled in. */
export interface TrustSettings {
  readonly profile: Profile
  /** Accepted audiences; `null` for any, `undefined` for the profile's own rule. */
  readonly audience: readonly string[] | null | undefined
  readonly clientIds: readonly string[]
  readonly kinds: readonly Kind[] | undefined
  readonly rows: ReadonlyMap<string, AlgorithmRow>
}

/** One configured issuer. */
export interface IssuerSettings extends TrustSettings {
  readonly issuer: string
  /** Tells which issuers these settings are for, where `issuer` is a template. */
  readonly template: IssuerTemplate | undefined
  readonly origin: (issuer: string) => KeyOrigin
}

/**
 * Every option with its default, checked once. Times in milliseconds, except where a claim's own
 * unit is seconds.
 */
export interface Settings {
  readonly issuers: readonly IssuerSettings[]
  readonly lookups: readonly ((issuer: string) => Promise<IssuerSettings | undefined>)[]
  readonly limits: KeySetLimits
  readonly cache: Required<CacheOption> | null
  /** Seconds. */
  readonly clockTolerance: number
  /** Seconds. */
  readonly maxTokenAge: number
  readonly credentialValidity: boolean
  readonly realm: string | undefined
  readonly correlationId: boolean
  readonly listeners: Listeners
  readonly runtime: Runtime
}

const OF_TRUST = {
  audience: true,
  profile: true,
  clientIds: true,
  kinds: true,
  algorithms: true,
} satisfies Names<TrustOptions>
const OF_KEYS = { jwksUri: true, keys: true } satisfies Names<KeysOption>
const KNOWN = namesOf<ResourceServerOptions>({
  issuer: true,
  ...OF_TRUST,
  ...OF_KEYS,
  clockTolerance: true,
  maxTokenAge: true,
  credentialValidity: true,
  keySet: true,
  cache: true,
  realm: true,
  correlationId: true,
  allowInsecureHttp: true,
  events: true,
  runtime: true,
})
const KNOWN_WITHIN = {
  keySet: namesOf<KeySetOption>({ maxAge: true, maxStale: true, timeout: true, maxBytes: true }),
  cache: namesOf<CacheOption>({ maxEntries: true, maxBytes: true }),
  events: new Set<string>(EVENT_NAMES),
}
const KNOWN_OF_ISSUER = namesOf<IssuerOptions>({
  issuer: true,
  tenantPattern: true,
  ...OF_TRUST,
  ...OF_KEYS,
})

// The memory sets aside a place for every entry.
const MOST_ENTRIES = 10_000_000
const MOST_BYTES = 2 ** 40
/** Seconds. */
const DAY = 86_400
const YEAR = 365 * DAY

/**
 * Checks the options and fills in the defaults, once and at start-up.
 *
 * @throws {GuardError} `invalid_configuration`, saying what was expected, what was found and what
 *   to do
 */
export function resolveOptions(options: ResourceServerOptions): Settings {
  requireObject(options)
  refuseUnknown(options, KNOWN)
  for (const [name, known] of Object.entries(KNOWN_WITHIN))
    refuseUnknownWithin(name, options[name as keyof typeof KNOWN_WITHIN], known)
  checkListeners(options.events)
  checkTrust(options)
  const { keySet = {}, cache = {} } = options
  const runtime = checkRuntime({ ...systemRuntime, ...options.runtime }, options.runtime)
  const limits: KeySetLimits = {
    maxAge: number('keySet.maxAge', keySet.maxAge, 600, 1, DAY) * 1_000,
    maxStale: number('keySet.maxStale', keySet.maxStale, DAY, 1, YEAR) * 1_000,
    timeout: number('keySet.timeout', keySet.timeout, 5, 0.001, 300) * 1_000,
    maxBytes: count('keySet.maxBytes', keySet.maxBytes, 524_288, MOST_BYTES),
    insecureHttp: only('allowInsecureHttp', options.allowInsecureHttp, [true, false]) === true,
  }
  if (limits.maxStale < limits.maxAge) {
    throw configurationError(
      '"keySet.maxStale" of at least "keySet.maxAge"',
      `${limits.maxStale / 1_000} s`,
      'keys are used beyond their age in an outage only',
    )
  }
  // The same text twice is one issuer.
  const listed = [
    ...new Set(
      Array.isArray(options.issuer) ? (options.issuer as readonly unknown[]) : [options.issuer],
    ),
  ]
  const described = listed
    .filter((entry) => typeof entry !== 'function')
    .map((entry) => (typeof entry === 'string' ? { issuer: entry } : entry))
  if (listed.length === 0) throw missingIssuer('an empty list')
  if (listed.length > 1 && (options.jwksUri !== undefined || options.keys !== undefined)) {
    throw configurationError(
      'keys of one issuer only',
      `"jwksUri" or "keys" beside ${listed.length} issuers`,
      'state them within each issuer',
    )
  }
  const settle = (own: IssuerOptions) => issuerSettings(own, options, limits.insecureHttp)
  const settings: Settings = {
    issuers: described.map((entry) => settle(entry as IssuerOptions)),
    lookups: listed
      .filter((entry) => typeof entry === 'function')
      .map((lookup) => issuerLookup(lookup as IssuerLookup, settle, limits.timeout, runtime)),
    limits,
    cache: cache && {
      maxEntries: count('cache.maxEntries', cache.maxEntries, 5_000, MOST_ENTRIES),
      maxBytes: count('cache.maxBytes', cache.maxBytes, 33_554_432, MOST_BYTES),
    },
    clockTolerance: number('clockTolerance', options.clockTolerance, 30, 0, 600),
    maxTokenAge: number('maxTokenAge', options.maxTokenAge, Infinity, 1, YEAR),
    credentialValidity: only('credentialValidity', options.credentialValidity, [null]) !== null,
    realm: checkRealm(options.realm),
    correlationId: only('correlationId', options.correlationId, [true, false]) === true,
    listeners: options.events ?? {},
    runtime,
  }
  refuseRepeated(settings.issuers)
  for (const message of weaknesses(settings)) runtime.warn(message)
  return Object.freeze(settings)
}

function issuerSettings(
  own: IssuerOptions,
  shared: ResourceServerOptions,
  insecureHttp: boolean,
): IssuerSettings {
  if (typeof own !== 'object' || own === null || typeof own.issuer !== 'string')
    throw missingIssuer(quote(own))
  refuseUnknown(own, KNOWN_OF_ISSUER)
  checkTrust(own)
  const template = issuerTemplate(own.issuer, own.tenantPattern)
  checkIssuer(own.issuer.replace('{tenant}', 'tenant'), own.issuer, insecureHttp)
  const jwksUri = own.jwksUri === undefined ? shared.jwksUri : own.jwksUri
  const keys = own.keys === undefined && own.jwksUri === undefined ? shared.keys : own.keys
  if (jwksUri !== undefined && keys !== undefined) {
    throw configurationError('one source of keys', '"jwksUri" and "keys"', 'leave one out')
  }
  if (jwksUri !== undefined) checkUrl('"jwksUri"', jwksUri, insecureHttp)
  if (keys !== undefined) checkKeys(keys)
  const origin = (issuer: string): KeyOrigin =>
    keys ? { keys } : jwksUri !== undefined ? { jwksUri } : { discovery: issuer }
  return Object.freeze({
    issuer: own.issuer,
    template,
    origin,
    ...trustSettings(own, shared, template),
  })
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

function checkKeys(keys: unknown): void {
  if (typeof keys === 'object' && keys !== null && !Array.isArray(keys)) return
  const hint = Array.isArray(keys)
    ? 'wrap it: { keys: [...] }'
    : 'leave it out for the keys that the Verifier publishes'
  throw configurationError('"keys" as a JWK Set, an object with a list "keys"', quote(keys), hint)
}

function checkIssuer(issuer: string, stated: string, insecureHttp: boolean): void {
  checkUrl('"issuer"', issuer, insecureHttp)
  const { search, hash } = new URL(issuer)
  if (issuer !== issuer.trim())
    throw configurationError(
      '"issuer" without white space around it',
      quoteAddress(stated),
      'check where the value comes from',
    )
  if (search === '' && hash === '') return
  throw configurationError(
    '"issuer" without query and fragment',
    quoteAddress(stated),
    'state it exactly as in the tokens\' "iss"',
  )
}

function checkUrl(name: string, value: unknown, insecureHttp: boolean): void {
  const problem = typeof value === 'string' ? describeInsecure(value, insecureHttp) : quote(value)
  if (problem === undefined) return
  throw configurationError(
    `${name} as an https URL`,
    problem,
    'use https, or "allowInsecureHttp" within a network that you trust',
  )
}

function checkRealm(realm: string | undefined): string | undefined {
  // RFC 9110 §5.6.4: what may stand in a quoted-string; quotes and backslashes are escaped by the
  // challenge.
  if (realm === undefined || (typeof realm === 'string' && /^[\x20-\x7e]+$/.test(realm)))
    return realm
  throw configurationError(
    '"realm" in printable ASCII',
    quote(realm),
    'it is sent in a header field',
  )
}

type Names<Options> = Readonly<Record<Options extends unknown ? keyof Options : never, true>>

/** The names that the types have, so that none is forgotten here. */
function namesOf<Options>(names: Names<Options>): ReadonlySet<string> {
  return new Set(Object.keys(names))
}

function requireObject(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw missingIssuer(quote(options))
}

function missingIssuer(found: string): Error {
  return configurationError(
    '"issuer"',
    found,
    'state the Verifier\'s issuer exactly as in the tokens\' "iss"; an unset environment variable, perhaps',
  )
}

/** What works but is weaker than the developer may think, with what restricts access instead. */
function* weaknesses({ issuers, limits }: Settings): Iterable<string> {
  if (limits.insecureHttp)
    yield 'allowInsecureHttp is on: whoever is on the way to the Verifier can publish keys of his own.'
  for (const { issuer, template, audience, kinds, profile } of issuers) {
    if (audience === null) {
      const employees =
        profile.kinds !== undefined && kinds?.includes('employee')
          ? ', employees of any client included'
          : ''
      yield `audience is null: tokens that ${issuer} issued for any other API are accepted${employees}; only requirements restrict access.`
    }
    if (template !== undefined && isOpenToAll(issuer))
      yield `the issuer ${issuer} takes every host below its last label for a Verifier of yours: where anybody can register a name there, anybody can issue tokens.`
    if (audience?.includes(issuer)) {
      yield `audience is the issuer ${issuer} itself: every machine's token is addressed so; only powers, tenant and other requirements restrict access.`
    }
  }
}
