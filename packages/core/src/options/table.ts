/*
 * The options of a resource server, a row each: its check, its default, its unit and one sentence.
 * Known names, defaults and the tables of the README come from here.
 */
import { quote } from '../kit/display.js'
import { configurationError } from '../kit/errors.js'
import { EVENT_NAMES } from '../kit/events.js'
import {
  anything,
  count,
  FIELD_NAME,
  flag,
  functions,
  group,
  oneOf,
  seconds,
  text,
  type OptionRows,
} from '../kit/option-rows.js'
import { systemRuntime } from '../kit/runtime.js'
import type {
  CacheOptions,
  IssuerOptions,
  KeySetOptions,
  KeySource,
  ResourceServerOptions,
  TrustOptions,
} from './options.js'

const DAY = 86_400
const YEAR = 365 * DAY
// The cache sets aside a place for every entry.
const MOST_ENTRIES = 10_000_000
const MOST_BYTES = 2 ** 40

// What is checked beside the others of its issuer, in `issuer-settings.ts` and `trust.ts`.
const TRUST_ROWS = {
  audience: {
    check: anything,
    needsValue: true,
    defaultIs: 'required, except under `dome` and `eudistack`',
    says: 'what `aud` must hold; `null` switches the check off',
  },
  profile: {
    check: anything,
    defaultIs: '`auto`',
    says: 'the family of Verifiers: `auto`, `dome`, `eudistack`, `fiware`, `rfc9068`',
  },
  clientIds: {
    check: anything,
    needsValue: true,
    defaultIs: 'none',
    says: 'clients whose tokens are accepted in place of `audience`: of users under `dome` and `eudistack`, of any caller where `audience` is `null`',
  },
  idTokens: {
    check: checkIdTokens,
    default: 'refuse',
    says: 'tokens that may be id_tokens: `refuse`, `accept`, or `{ lack: claim }` for a claim that only access tokens have',
  },
  kinds: {
    check: anything,
    needsValue: true,
    defaultIs: "the profile's",
    says: 'which of `machine`, `employee`, `unknown`, `none` are accepted',
  },
  algorithms: {
    check: anything,
    needsValue: true,
    defaultIs: "the profile's",
    says: 'which signature algorithms are accepted',
  },
} as const satisfies OptionRows<TrustOptions>

const KEY_SOURCE_ROWS = {
  jwksUri: {
    check: anything,
    defaultIs: 'discovery',
    says: 'address of the key set, in place of discovery',
  },
  keys: {
    check: anything,
    defaultIs: 'discovery',
    says: 'the keys themselves: a JWK Set, one key or a list; a key as JWK, `KeyObject` or PEM; nothing is fetched',
  },
} as const satisfies OptionRows<KeySource>

/** The rows of {@link IssuerOptions}. */
export const ISSUER_ROWS = {
  issuer: {
    check: anything,
    defaultIs: 'required',
    says: 'an issuer exactly as its tokens state it, or a template with `{tenant}`; any text where `jwksUri` or `keys` is given',
  },
  tenantPattern: {
    check: anything,
    needsValue: true,
    defaultIs: '`[a-z0-9-]{1,64}`',
    says: 'what `{tenant}` may stand for',
  },
  ...TRUST_ROWS,
  ...KEY_SOURCE_ROWS,
} as const satisfies OptionRows<IssuerOptions>

/** The rows of {@link KeySetOptions}. */
export const KEY_SET_ROWS = {
  maxAge: {
    check: seconds(1, DAY),
    default: 600,
    unit: 'seconds',
    says: 'age at which keys are stale; they are renewed in the background before',
  },
  maxStale: {
    check: seconds(1, YEAR),
    default: DAY,
    unit: 'seconds',
    says: 'age at which keys are no longer used, however long the outage',
  },
  timeout: {
    check: seconds(0.001, 300),
    default: 5,
    unit: 'seconds',
    says: 'limit of one fetch, and of the time that a request waits for keys',
  },
  maxBytes: {
    check: count(MOST_BYTES),
    default: 524_288,
    unit: 'bytes',
    says: 'limit of a fetched document after decompression',
  },
  prefetch: {
    check: flag,
    default: true,
    says: 'whether keys are fetched from the start, or with the first request',
  },
} as const satisfies OptionRows<KeySetOptions>

/** The rows of {@link CacheOptions}. */
export const CACHE_ROWS = {
  maxEntries: { check: count(MOST_ENTRIES), default: 5_000, says: 'tokens that are remembered' },
  maxBytes: {
    check: count(MOST_BYTES),
    default: 33_554_432,
    unit: 'bytes',
    says: 'estimated heap of all entries',
  },
} as const satisfies OptionRows<CacheOptions>

/** The rows of {@link ResourceServerOptions}. */
export const SERVER_ROWS = {
  issuer: {
    check: anything,
    defaultIs: 'required',
    says: 'the issuers whose tokens are accepted: an issuer, one with settings of its own, a template with `{tenant}`, a lookup function, or a list of these',
  },
  ...TRUST_ROWS,
  profile: { ...TRUST_ROWS.profile, needsValue: true },
  ...KEY_SOURCE_ROWS,
  keys: { ...KEY_SOURCE_ROWS.keys, needsValue: true },
  clockTolerance: {
    check: seconds(0, 600),
    default: 30,
    unit: 'seconds',
    says: 'difference of clocks that is forgiven',
  },
  maxTokenAge: {
    check: seconds(1, YEAR),
    needsValue: true,
    default: Infinity,
    defaultIs: 'none',
    unit: 'seconds',
    says: 'age since `iat` after which a token is refused',
  },
  credentialValidity: {
    check: oneOf('check', 'ignore'),
    default: 'check',
    says: '`ignore` accepts credentials outside their validity window',
  },
  keySet: {
    check: group,
    defaultIs: 'see below',
    says: 'how key sets are kept',
  },
  cache: {
    check: checkCache,
    defaultIs: 'see below',
    says: 'bounds of the token cache; `null` verifies every token again',
  },
  status: {
    check: group,
    defaultIs: 'nowhere',
    says: 'where the status of credentials is looked up, for `requiredStatus`',
  },
  resource: {
    check: anything,
    defaultIs: 'none',
    says: 'the public URL of this API, or several: what DPoP proofs are made for',
  },
  dpop: {
    check: group,
    defaultIs: 'see below',
    says: 'how DPoP proofs are checked; needs `resource`',
  },
  certificate: {
    check: anything,
    defaultIs: 'nowhere',
    says: "where the client's certificate is: `socket`, the name of a proxy, `{ header, format }` or a function",
  },
  realm: {
    check: checkRealm,
    default: 'api',
    says: 'name of the protected space in challenges',
  },
  correlationId: {
    check: checkCorrelationId,
    default: false,
    says: "gives every denial an id, in the answer's body and in the event: a random one (`true`), that of a field (`'x-request-id'`, `'traceparent'`) or of a function of the request",
  },
  sampleDenied: {
    check: checkShare,
    default: 1,
    says: 'share of the denials that are published as event `denied`',
  },
  allowInsecureHttp: {
    check: flag,
    default: false,
    says: 'accepts plain http beyond this machine',
  },
  signatureThread: {
    check: oneOf('auto', 'calling', 'pool'),
    default: 'auto',
    says: 'where Node checks signatures: `calling` thread, thread `pool`, or whichever serves better',
  },
  events: {
    check: functions(EVENT_NAMES, 'it is called with the event'),
    default: {},
    defaultIs: 'none',
    says: 'functions that are called with events',
  },
  runtime: {
    check: checkRuntime,
    default: {},
    defaultIs: "the process'",
    says: 'overrides of clocks, fetch, chance, timers and warnings',
  },
} as const satisfies OptionRows<ResourceServerOptions>

function checkIdTokens(name: string, value: unknown): void {
  const { lack } = Object(value) as { lack?: unknown }
  if (lack === undefined) return oneOf('refuse', 'accept')(name, value)
  text(`${name}.lack`, lack)
}

function checkCache(name: string, value: unknown): void {
  if (typeof value === 'object') return
  throw configurationError(`"${name}" as an object`, quote(value), 'null switches it off')
}

function checkCorrelationId(name: string, value: unknown): void {
  if (typeof value === 'boolean' || typeof value === 'function') return
  if (typeof value === 'string' && FIELD_NAME.test(value)) return
  throw configurationError(
    `"${name}" as true, false, the name of a field or a function`,
    quote(value),
    'a field is named like "x-request-id" or "traceparent"',
  )
}

function checkShare(name: string, value: unknown): void {
  if (typeof value === 'number' && value > 0 && value <= 1) return
  throw configurationError(
    `"${name}" as a number above 0 and up to 1`,
    quote(value),
    'it is a share: 0.1 publishes one denial in ten',
  )
}

/** Other members than those that are read do no harm: a runtime may serve the client as well. */
function checkRuntime(name: string, value: unknown): void {
  group(name, value)
  const names = Object.keys(systemRuntime)
  const read = Object.entries(value as object).filter(([member]) => names.includes(member))
  functions(names, 'leave it out for that of the process')(name, Object.fromEntries(read))
}

/** RFC 9110 §5.6.4: what may stand in a quoted-string; the challenge escapes what has to be. */
function checkRealm(name: string, value: unknown): void {
  if (typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)) return
  throw configurationError(
    `"${name}" in printable ASCII`,
    quote(value),
    'it is sent in a header field',
  )
}
