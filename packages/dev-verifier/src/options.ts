import type { RegisteredClient } from './assertion.js'
import type { Listeners } from './events.js'
import { isLoopback } from './loopback.js'
import { checkOptions, unexpected, type Checks } from './checks.js'
import type { Jwk, PrivateKeyInput } from './keys.js'
import { OPTIONS } from './option-table.js'
import { profiles, type Profile, type ProfileName } from './profiles.js'
import type { Limits } from './rate-limit.js'
import type { Generation } from './refusals.js'
import { systemRuntime, type Runtime } from './runtime.js'

/** How a development Verifier behaves. Every option has a default. */
export interface DevVerifierOptions {
  /** The generation of Verifiers to behave like. Default: `eudistack-3.3`. */
  readonly profile?: ProfileName
  /**
   * The issuer, exactly as tokens carry it. A Verifier without a port is at
   * `https://verifier.example.test`. Default: where it listens.
   */
  readonly issuer?: string
  /**
   * Takes `iss` from each request's host, as Verifiers since 3.0 do: each tenant has its own.
   * Default: false.
   */
  readonly issuerFromRequest?: boolean
  /**
   * The tenant of requests that name none by `X-Tenant` or, with `issuerFromRequest`, by their
   * first host label. Without it, powers of all tenants count. Default: none.
   */
  readonly tenant?: string
  /**
   * Registered clients. Without this list, every did:key is a registered client where the profile
   * asks for one. Default: every did:key.
   */
  readonly clients?: readonly RegisteredClient[]
  /**
   * Further organisations on the list of trusted issuers, by `did:elsi:…` or the bare organisation
   * identifier. Those with a `jwk` sign credentials with that key alone; those without, with any
   * key whose certificate (`x5c`) names them. The certificates above that one are not checked.
   * Verifiers before 3.1.5 want mandators on the list too. Default: its own Issuer.
   */
  readonly trustedIssuers?: readonly { readonly id: string; readonly jwk?: Jwk }[]
  /** The signing key: a P-256 key as hex, JWK, PKCS#8 PEM or `KeyObject`. Default: a fresh key. */
  readonly key?: PrivateKeyInput
  /**
   * The certificate of `key` in PEM, published as `x5c` and sent in each token's header. Default:
   * none.
   */
  readonly certificate?: string
  /**
   * How the signing key is named: by its did:key, or by its JWK thumbprint (RFC 7638) as those with
   * a certificate are. Default: by profile.
   */
  readonly kid?: 'did:key' | 'thumbprint'
  /** Life of an access token. Seconds. Default: by profile. */
  readonly lifetime?: number
  /**
   * `aud` of tokens of the profiles `fiware` and `oauth` whose request names no API. Default:
   * `my-service`.
   */
  readonly service?: string
  /**
   * Answers failures of the grant with 403 without a body, as Verifiers before 3.2.1. Default: by
   * profile.
   */
  readonly bareErrors?: boolean
  /**
   * Refuses proofs without the server's nonce with `use_dpop_nonce` (RFC 9449 §8). For the profile
   * `oauth` alone, because the others bind no tokens. Default: false.
   */
  readonly demandNonces?: boolean
  /**
   * Accepts what older Verifiers accept beyond the protocol's text. Default: false.
   */
  readonly mimicLaxity?: boolean
  /**
   * Limits the requests a minute of each address that `X-Forwarded-For` states, as a proxy writes
   * it, and of all requests without that field together: `{ token, others }`, or `true` for the
   * real limits (30 and 120). Default: false.
   */
  readonly rateLimit?: boolean | Limits
  /** Functions to call for events, by the event's name. Default: none. */
  readonly events?: Listeners
  /** Clock, timers, identifiers and warnings. Default: the system's. */
  readonly runtime?: Partial<Runtime>
  /**
   * Starts where others can reach it, or with `NODE_ENV=production`. Never do this where real data
   * is. Default: false.
   */
  readonly force?: boolean
}

/** Options of a development Verifier that listens on a port. */
export interface ListenOptions extends DevVerifierOptions {
  /** The port. 0 takes any free one. Default: 0. */
  readonly port?: number
  /** The address to listen on. Others than loopback need `force`. Default: `127.0.0.1`. */
  readonly host?: string
  /**
   * Listens with TLS under a certificate made at start, and asks clients for theirs. Default:
   * false.
   */
  readonly https?: boolean
}

/** Options with every default filled in. */
export type Settings = ReturnType<typeof resolveOptions>

const REAL_LIMITS: Limits = { token: 30, others: 120 }

const CHECKS = Object.fromEntries(
  Object.entries(OPTIONS).map(([name, { check }]) => [name, check]),
) as Checks<ListenOptions>

/**
 * Fills in the defaults.
 *
 * @throws Error when the Verifier must not run here, or an option is wrong.
 */
export function resolveOptions(options: ListenOptions) {
  checkOptions('a development Verifier', options, CHECKS)
  const runtime: Runtime = { ...systemRuntime, ...options.runtime }
  refuseProduction(runtime, options.force)
  const name = options.profile ?? OPTIONS.profile.default
  const profile = profiles[name]
  const demandNonces = options.demandNonces ?? OPTIONS.demandNonces.default
  if (demandNonces && profile.family !== 'oauth')
    throw unexpected('demandNonces with the profile oauth, which alone binds tokens', name)
  const issuer = options.issuer ?? `https://verifier.example.test${profile.basePath}`
  return {
    name,
    profile,
    runtime,
    issuer,
    basePath: new URL(issuer).pathname.replace(/\/$/, ''),
    issuerFromRequest: options.issuerFromRequest ?? OPTIONS.issuerFromRequest.default,
    tenant: options.tenant,
    clients: options.clients,
    trustedIssuers: options.trustedIssuers ?? [],
    kid: options.kid ?? defaultKid(profile, options),
    key: options.key,
    certificate: options.certificate,
    service: options.service ?? OPTIONS.service.default,
    lifetime: options.lifetime ?? profile.lifetime,
    answers: generationOf(profile, options.bareErrors),
    demandNonces,
    mimicLaxity: options.mimicLaxity ?? OPTIONS.mimicLaxity.default,
    rateLimit: resolveLimits(options.rateLimit ?? OPTIONS.rateLimit.default),
    events: options.events ?? {},
    port: options.port ?? OPTIONS.port.default,
    host: options.host ?? OPTIONS.host.default,
    https: options.https ?? OPTIONS.https.default,
  } as const
}

/** Refuses an address that others can reach. */
export function refuseOpenAddress(host: string, force: boolean | undefined): void {
  if (force || isLoopback(host)) return
  throw new Error(
    `The development Verifier listens on loopback only, because anyone who reaches it can get tokens it signs; found host "${host}". ` +
      'Use 127.0.0.1, or force: true in an isolated network such as a container.',
  )
}

function refuseProduction({ environment }: Runtime, force: boolean | undefined): void {
  if (force || environment?.trim().toLowerCase() !== 'production') return
  throw new Error(
    `The development Verifier does not run with NODE_ENV=production, because its tokens prove nothing; found NODE_ENV="${environment}". ` +
      'Use a real Verifier there; set NODE_ENV to something else for local work, or force: true if you are certain.',
  )
}

/** FIWARE's Verifier names a key by its own DID only if it was given that key. */
function defaultKid({ family }: Profile, { key, certificate }: DevVerifierOptions) {
  const isUnnamed = certificate !== undefined || (family === 'fiware' && key === undefined)
  return isUnnamed || family === 'oauth' ? 'thumbprint' : 'did:key'
}

function generationOf({ answers, family }: Profile, bareErrors: boolean | undefined): Generation {
  if (bareErrors === undefined || family !== 'java') return answers
  if (!bareErrors) return 'translated'
  return answers === 'translated' ? 'bare' : answers
}

function resolveLimits(limits: boolean | Limits): Limits | undefined {
  return typeof limits === 'object' ? limits : limits ? REAL_LIMITS : undefined
}
