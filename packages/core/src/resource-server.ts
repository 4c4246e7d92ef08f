import type { AlgorithmRow } from './jwt/algorithms.js'
import { checkAdmission, decisionWindow } from './rules/credential-policy.js'
import { answer } from './challenge.js'
import { checkAddressee, checkClaims } from './rules/claims.js'
import { createContext, type AuthContext, type Claims } from './context.js'
import { readStanding } from './credential/credential.js'
import { Denial, explained, GuardError, quote } from './kit/errors.js'
import { createEmitter, type Emitter } from './kit/events.js'
import { fingerprint } from './kit/fingerprint.js'
import { createIssuers, type TrustedIssuer } from './issuers/issuer.js'
import { parseJws, type UnverifiedJws } from './jwt/jws.js'
import { createKeySet, type KeySetHealth } from './issuers/key-set.js'
import {
  resolveOptions,
  type IssuerSettings,
  type ResourceServerOptions,
  type Settings,
} from './options/options.js'
import type { RequestLike } from './presented/request.js'
import { checkRequirement, type Requirement } from './requirements/index.js'
import { verifyWithKeys } from './issuers/signer.js'
import { absence, bearerToken, boundedToken, presentedToken } from './presented/token.js'
import { createTokenCache } from './token-cache.js'

/** How a resource server fares: fit for a readiness probe. */
export interface Health {
  /**
   * `ready`: every issuer's keys are at hand; `down`: no issuer's are; `degraded`: anything
   * between. An issuer by lookup, or by template with keys of its own, counts from its first good
   * token on.
   */
  readonly status: 'ready' | 'degraded' | 'down'
  readonly issuers: readonly KeySetHealth[]
}

/**
 * Decides on requests. Made by {@link createResourceServer}; one serves any number of routes and
 * frameworks.
 */
export interface ResourceServer<C extends object = Claims> {
  /**
   * Decides on a request: its bearer token first, then what the route requires of the caller.
   *
   * @param request a web `Request`, Node's `IncomingMessage`, or anything with their `headers`
   * @param requirement what the route asks for, from `requiredScopes`, `requiredPower` and their
   *   kin; default: a valid token
   * @returns who calls
   * @throws {GuardError} every code of kind `token` and `verifier`
   */
  authenticate<R extends RequestLike>(
    request: R,
    requirement?: Requirement<R>,
  ): Promise<AuthContext<C>>
  /**
   * The same decision without a promise, for a token that was verified before.
   *
   * @returns `undefined` when that takes more than memory: then ask
   *   {@link ResourceServer.authenticate}
   */
  authenticateCached(request: RequestLike): AuthContext<C> | undefined
  /**
   * Decides on a token alone, for queues, sockets and other transports. What is required of the
   * caller can't depend on a request then.
   *
   * @throws {GuardError} every code of kind `token` and `verifier`
   */
  verifyAccessToken(token: string, requirement?: Requirement<undefined>): Promise<AuthContext<C>>
  /**
   * Asks something more of a caller already known, as the adapters do route by route.
   *
   * What takes no time throws at once. `requiredStatus`, and functions of the application that
   * return promises, may take theirs: await those.
   *
   * @param request what the requirement reads; to be left out where that is nothing
   * @returns nothing when it holds at once, a promise when that takes time
   * @throws {GuardError} the codes with status 403, `credential_revoked`, `status_unavailable`
   */
  authorize<R = undefined>(
    auth: AuthContext<object>,
    requirement: Requirement<R>,
    ...request: undefined extends R ? [request?: R] : [request: R]
  ): void | Promise<void>
  /**
   * Fetches the keys ahead of the first request.
   *
   * @throws {GuardError} `keys_unavailable`, with the reason in its message
   */
  ready(): Promise<void>
  /**
   * How it fares, at once; keys that nobody needed yet are fetched because of the question, so that
   * a readiness probe needs no more than this.
   */
  health(): Health
  /** Calls off fetches and timers; requests that wait for keys get 503. */
  close(): void
}

/**
 * Makes a resource server: the part of an API that decides on access tokens.
 *
 * Starts without the Verifier: its keys are fetched when the first token comes, or by `ready()`.
 *
 * @typeParam C the claims of your tokens, beyond what is checked here; for the compiler only
 * @param options see {@link ResourceServerOptions}; `issuer` is required, and `audience` unless the
 *   profile has a rule of its own
 * @throws {GuardError} `invalid_configuration`
 * @example
 * ```ts
 * import { createResourceServer, requiredPower } from '@verifier-guard/core'
 *
 * const resourceServer = createResourceServer({
 *   issuer: 'https://verifier.example.org',
 *   profile: 'eudistack',
 * })
 * const mayCreate = requiredPower({
 *   domain: 'DOME',
 *   function: 'ProductOffering',
 *   action: 'Create',
 * })
 *
 * export async function handle(request: Request): Promise<Response> {
 *   const auth = await resourceServer.authenticate(request, mayCreate)
 *   return Response.json({ hello: auth.clientId })
 * }
 * ```
 */
export function createResourceServer<C extends object = Claims>(
  options: ResourceServerOptions,
): ResourceServer<C> {
  const settings = resolveOptions(options)
  const { runtime, limits, clockTolerance, maxTokenAge } = settings
  const emitter = createEmitter(settings.listeners, runtime)
  const keySetOf = (issuer: string, { origin, rows }: IssuerSettings, onTrial: boolean) =>
    createKeySet({
      issuer,
      origin: origin(issuer),
      rows: [...rows.values()],
      limits,
      runtime,
      emitter,
      onTrial,
    })
  const issuers = createIssuers(settings, keySetOf)
  const cache = createTokenCache(settings.cache)
  let closed = false

  const remembered = (token: string) => cache.get(token, runtime.now())

  /** The page to read first: every step of a decision, each in the file of its name. */
  async function decide(token: string): Promise<AuthContext> {
    const jws = parseJws(token)
    const issuer = await issuers.find(jws.claims['iss'])
    const row = allowedAlgorithm(jws, issuer)
    const { verified, key } = await verifyWithKeys(jws, issuer.keySet, row, runtime.now() / 1_000)
    const now = runtime.now() / 1_000
    checkClaims({ jws: verified, issuer, now, clockTolerance, maxTokenAge })
    const standing = issuer.profile.credential ? readStanding(verified.claims) : undefined
    checkAddressee(verified, standing?.kind ?? 'none', issuer)
    checkAdmission(standing, issuer, now, settings)
    const context = createContext(verified, issuer, standing)
    cache.set(token, { context, key, ...decisionWindow(verified.claims, standing, settings) })
    return context
  }

  /** @param present gives the token; what it throws is answered like any other trouble with it */
  async function judge<R extends RequestLike | undefined>(
    present: () => string | undefined,
    requirement: Requirement<R> | undefined,
    request: R,
  ): Promise<AuthContext> {
    let token: string | undefined
    try {
      token = present()
      if (token === undefined) throw missing(request)
      const known = remembered(boundedToken(token))
      const auth = known ?? (await decide(token))
      if (requirement !== undefined) await checkRequirement(requirement, auth, request)
      report(emitter, auth, known !== undefined)
      return auth
    } catch (error) {
      const { refusal, told } = reported(error, token)
      // A worker may end with its answer: who can wait until the operator is told does.
      await told
      throw refusal
    }
  }

  /** Tells the operator of a denial, and makes of it the error that the application gets. */
  function reported(
    error: unknown,
    token?: string,
  ): { readonly refusal: unknown; readonly told?: Promise<void> | void } {
    // Anything else is a fault of the application's own functions, or of ours: it must not look
    // like a denial.
    if (!(error instanceof Denial)) return { refusal: error }
    const refusal = toGuardError(error, settings)
    return { refusal, told: reportDenial(emitter, refusal, token) }
  }

  const server: ResourceServer = {
    authenticate: (request, requirement) => judge(() => bearerToken(request), requirement, request),
    authenticateCached(request) {
      const token = presentedToken(request)
      const auth = token === undefined ? undefined : remembered(token)
      if (auth !== undefined) report(emitter, auth, true)
      return auth
    },
    verifyAccessToken: (token, requirement) => judge(() => token, requirement, undefined),
    authorize<R>(auth: AuthContext<object>, requirement: Requirement<R>, request?: R) {
      const fail = (error: unknown): never => {
        throw reported(error, auth.token).refusal
      }
      try {
        return checkRequirement(requirement, auth as AuthContext, request as R)?.catch(fail)
      } catch (error) {
        return fail(error)
      }
    },
    async ready() {
      try {
        await issuers.ready()
      } catch (error) {
        throw explained(reported(error).refusal)
      }
    },
    health: () =>
      closed ? { status: 'down', issuers: issuers.health() } : overall(issuers.health()),
    close() {
      closed = true
      issuers.close()
    },
  }
  // What claims there are is the application's word to the compiler, and nothing that is looked at
  // here.
  return Object.freeze(server) as ResourceServer<object> as ResourceServer<C>
}

/** The token's `alg` decides nothing: it only has to be one that is allowed (RFC 8725 §3.1). */
function allowedAlgorithm({ header }: UnverifiedJws, { rows }: TrustedIssuer): AlgorithmRow {
  const row = rows.get(header.alg)
  if (row !== undefined) return row
  throw new Denial('algorithm_not_allowed', {
    check: 'algorithms',
    expected: `"alg" among ${[...rows.keys()].join(', ')}`,
    actual: quote(header.alg),
    hint: 'if the Verifier really signs so, name it in "algorithms"',
  })
}

function missing(request: RequestLike | undefined): Denial {
  const actual = request === undefined ? 'none' : absence(request)
  return new Denial('token_missing', {
    check: 'token',
    expected: 'an Authorization field with a bearer token',
    actual,
  })
}

function report(emitter: Emitter, auth: AuthContext, cached: boolean): void {
  if (emitter.listens('allowed')) emitter.emit('allowed', { issuer: auth.issuer, cached })
}

/** The one error that applications see, with its answer. */
function toGuardError(
  { code, reason, scope, retryAfter, cause }: Denial,
  settings: Settings,
): GuardError {
  const correlationId = settings.correlationId
    ? settings.runtime.random().toString(36).slice(2, 12)
    : undefined
  return new GuardError(
    code,
    reason,
    answer(code, { realm: settings.realm, scope, retryAfter, correlationId }),
    cause,
  )
}

/** The operator's half of the answer. @returns a promise where its fingerprint takes time */
function reportDenial(
  emitter: Emitter,
  refusal: GuardError,
  token: string | undefined,
): Promise<void> | void {
  const { code, status, reason, cause, body } = refusal
  if (!emitter.listens('denied', code)) return
  const event = {
    ...reason,
    code,
    status,
    ...(body.correlation_id !== undefined && { correlationId: body.correlation_id }),
    ...(cause !== undefined && { cause }),
  }
  const emit = (mark?: string) =>
    emitter.emit('denied', mark === undefined ? event : { ...event, fingerprint: mark })
  const mark = typeof token === 'string' ? fingerprint(token) : undefined
  if (mark instanceof Promise) return mark.then(emit, () => emit())
  emit(mark)
}

function overall(issuers: readonly KeySetHealth[]): Health {
  const every = (status: KeySetHealth['status']) =>
    issuers.every((issuer) => issuer.status === status)
  const status = every('ready') ? 'ready' : every('down') ? 'down' : 'degraded'
  return { status, issuers }
}
