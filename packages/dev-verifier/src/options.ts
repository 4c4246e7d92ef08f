import type { RegisteredClient } from './assertion.js'
import { isLoopback } from './loopback.js'
import { finite, oneOf, refuseUnknown, requireName, unexpected } from './checks.js'
import type { Jwk, PrivateKeyInput } from './keys.js'
import { profiles, type ProfileName } from './profiles.js'
import { systemRuntime, type Runtime } from './runtime.js'

/** How a development Verifier behaves; everything has a default. */
export interface DevVerifierOptions {
  /** The family and generation of Verifiers to behave like; `eudistack-3.3` by default. */
  readonly profile?: ProfileName
  /**
   * The issuer, exactly as tokens carry it. By default where the Verifier listens, or
   * `https://verifier.example.test`.
   */
  readonly issuer?: string
  /**
   * Takes `iss` from each request's host, as Verifiers since 3.0 do: each tenant has its own. False
   * by default.
   */
  readonly issuerFromRequest?: boolean
  /**
   * The tenant of requests that name none by `X-Tenant` or, with `issuerFromRequest`, by their
   * first host label.
   */
  readonly tenant?: string
  /**
   * Registered clients. Without this list, every did:key is a registered client where the profile
   * asks for one.
   */
  readonly clients?: readonly RegisteredClient[]
  /**
   * Issuers to trust beside the embedded one: their id and the public key that signs their
   * credentials.
   */
  readonly trustedIssuers?: readonly { readonly id: string; readonly jwk: Jwk }[]
  /** The name of the Verifier's key: its did:key by default, or the JWK thumbprint. */
  readonly kid?: 'did:key' | 'thumbprint'
  /**
   * The Verifier's private P-256 key as hex, JWK, PKCS#8 PEM or `KeyObject`; made at start by
   * default.
   */
  readonly key?: PrivateKeyInput
  /**
   * The certificate of `key` in PEM: published as `x5c`, with the thumbprint as `kid`, and sent in
   * each token's header.
   */
  readonly certificate?: string
  /** The service whose clients a `fiware` token is for; `my-service` by default. */
  readonly service?: string
  /** Life of an access token in seconds; that of the profile by default. */
  readonly lifetime?: number
  /**
   * Answers failures of the grant with 403 and an empty body, as Verifiers before 3.2.1 do; by
   * profile by default.
   */
  readonly bareErrors?: boolean
  /**
   * Lets pass what the real Verifiers let pass: expired VPs, the VP of another client, a status
   * list elsewhere, and, where clients need no registration, assertions that nobody signed.
   */
  readonly mimicLaxity?: boolean
  /**
   * Limits requests per minute and client address: true for the real limits (30 token, 120 others).
   * Off by default.
   */
  readonly rateLimit?: boolean | { readonly token: number; readonly others: number }
  /**
   * Told each request that was refused, and the true cause, in one line without secrets. Silent by
   * default.
   */
  readonly onLog?: (line: string) => void
  /** Clock, timers and identifiers. */
  readonly runtime?: Partial<Runtime>
  /**
   * Starts even in production or on an interface others can reach. Never do this where real data
   * is.
   */
  readonly force?: boolean
}

/** Options of a development Verifier that listens on a port. */
export interface ListenOptions extends DevVerifierOptions {
  /** The port; any free one by default (0). */
  readonly port?: number
  /** The address to listen on; `127.0.0.1` by default. Others than loopback need `force`. */
  readonly host?: string
}

/** Options with every default filled in. */
export type Settings = ReturnType<typeof resolveOptions>

const NAMES = Object.keys({
  profile: true,
  issuer: true,
  issuerFromRequest: true,
  tenant: true,
  clients: true,
  trustedIssuers: true,
  kid: true,
  key: true,
  certificate: true,
  service: true,
  lifetime: true,
  bareErrors: true,
  mimicLaxity: true,
  rateLimit: true,
  onLog: true,
  runtime: true,
  force: true,
  port: true,
  host: true,
} satisfies Record<keyof ListenOptions, true>)

const REAL_LIMITS = { token: 30, others: 120 }

/**
 * Fills in the defaults.
 *
 * @throws Error when the Verifier must not run here, or an option is wrong.
 */
export function resolveOptions(options: DevVerifierOptions) {
  refuseUnknown('a development Verifier', options, NAMES)
  const runtime: Runtime = { ...systemRuntime, ...options.runtime }
  const name = options.profile ?? 'eudistack-3.3'
  requireName('a profile', Object.keys(profiles), name)
  const profile = profiles[name]
  if (options.lifetime !== undefined) finite('lifetime', options.lifetime)
  if (options.kid !== undefined) oneOf(['did:key', 'thumbprint'])('kid', options.kid)
  refuseProduction(runtime, options.force)
  const issuer = checkedIssuer(options.issuer ?? `https://verifier.example.test${profile.basePath}`)
  return {
    name,
    profile,
    runtime,
    issuer,
    basePath: new URL(issuer).pathname.replace(/\/$/, ''),
    issuerFromRequest: options.issuerFromRequest ?? false,
    tenant: options.tenant,
    clients: options.clients,
    trustedIssuers: options.trustedIssuers ?? [],
    kid: options.kid ?? (name === 'fiware' || options.certificate ? 'thumbprint' : 'did:key'),
    key: options.key,
    certificate: options.certificate,
    service: options.service ?? 'my-service',
    lifetime: options.lifetime ?? profile.lifetime,
    bareErrors: options.bareErrors ?? profile.bareErrors,
    mimicLaxity: options.mimicLaxity ?? false,
    rateLimit: resolveLimits(options.rateLimit),
    log: options.onLog ?? (() => undefined),
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
  if (force || environment !== 'production') return
  throw new Error(
    'The development Verifier does not run with NODE_ENV=production: its tokens prove nothing. ' +
      'Use a real Verifier there; set NODE_ENV to something else for local work, or force: true if you are certain.',
  )
}

function resolveLimits(limits: DevVerifierOptions['rateLimit']): typeof REAL_LIMITS | undefined {
  if (!limits) return undefined
  if (limits === true) return REAL_LIMITS
  if (Number.isFinite(limits.token) && Number.isFinite(limits.others)) return limits
  throw unexpected('rateLimit to be true, or the numbers `token` and `others`', limits)
}

function checkedIssuer(issuer: string): string {
  if (!URL.canParse(issuer) || !/^https?:\/\/[^?#]*[^/?#]$/.test(issuer)) {
    throw new Error(
      `Expected issuer to be an http(s) URL without query, fragment or trailing slash; found "${issuer}".`,
    )
  }
  return issuer
}
