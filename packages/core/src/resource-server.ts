/*
 * Decides on access tokens. The page to read first: `decide` and `validated` are every step of a
 * decision, each in the folder of its name.
 */
import { checkBinding, refuseScheme, withProof, type BindingRules } from './binding.js'
import type { Claims } from './context.js'
import { issuersOf, type Issuers } from './issuers/issuers.js'
import { verifyWithKeys } from './issuers/signer.js'
import type { TrustedIssuer } from './issuers/trusted-issuer.js'
import type { AlgorithmRow } from './jwt/algorithms.js'
import { parseJws, type UnverifiedJws } from './jwt/jws.js'
import { quote } from './kit/display.js'
import { Denial } from './kit/errors.js'
import { createEmitter } from './kit/events.js'
import { andThen, type Later } from './kit/later.js'
import type { ResourceServerOptions, Settings } from './options/options.js'
import { resolveOptions } from './options/resolve.js'
import { checkForm, type Presented } from './presented/authorization.js'
import { createCertificateProof } from './proof/certificate.js'
import { createDpopProofs, type DpopProofs } from './proof/dpop.js'
import type { Progress } from './report.js'
import { validate, type Validated } from './rules/validated.js'
import { assembleServer, type ResourceServer } from './server.js'
import { createStatusLists } from './status/status.js'
import { createTokenCache, type ValidatedToken } from './token-cache.js'

/**
 * A resource server that was dropped without `close()` would renew its keys for ever: its timers
 * end once it is collected. Its keys stay, as a method that was taken from it may still be used.
 */
const droppedServers =
  typeof FinalizationRegistry === 'undefined'
    ? undefined
    : new FinalizationRegistry<Pick<Issuers, 'release'>>((issuers) => issuers.release())

/**
 * Makes a resource server: the part of an API that decides on access tokens.
 *
 * Starts without the Verifier: its keys are fetched in the background from now on, and again until
 * they are there.
 *
 * @typeParam C the claims of your tokens, beyond what is checked here; for the compiler only
 * @param options see {@link ResourceServerOptions}; `issuer` is required, and `audience` unless the
 *   profile has a rule of its own
 * @returns the resource server
 * @throws {GuardError} `invalid_configuration`
 * @example
 * ```ts
 * import { createResourceServer, requiredPower } from '@verifier-guard/core'
 *
 * const resourceServer = createResourceServer({
 *   issuer: 'https://verifier.example.org/verifier',
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
  const { runtime } = settings
  const configured = settings.issuers.map(({ issuer }) => issuer)
  const emitter = createEmitter(settings.listeners, runtime, configured)
  const issuers = issuersOf(settings, emitter)
  const tokens = createTokenCache(settings.cache)
  const statusLists = createStatusLists(settings.status, runtime, emitter)
  const dpop = settings.dpop && createDpopProofs(settings, settings.dpop, emitter)
  const binding = bindingRules(settings, dpop)

  function decide(stated: Presented, progress: Progress): Later<ValidatedToken> {
    refuseScheme(stated, binding)
    const presented = withProof(stated)
    const remembered = tokens.get(presented.token, runtime.now())
    progress.trace.cached = remembered !== undefined
    if (remembered !== undefined) {
      progress.trace.issuer = remembered.context.issuer
      progress.trace.configuredAs = remembered.basis.configuredAs
      progress.whose = remembered.context
      return bound(remembered, presented, progress)
    }
    return andThen(validated(presented, progress, issuers, settings), (token) =>
      bound(tokens.add(token), presented, progress),
    )
  }

  /** The same for a token that is remembered and for a new one: each request must show its keys. */
  function bound(
    known: ValidatedToken,
    presented: Presented,
    progress: Progress,
  ): Later<ValidatedToken> {
    const shown = checkBinding(known, presented, binding)
    if (shown === undefined) return known
    return andThen(shown, (fields) => {
      progress.fields = fields
      return known
    })
  }

  if (settings.prefetch) issuers.prefetch()
  const server = assembleServer({ decide, settings, emitter, issuers, statusLists, tokens, dpop })
  droppedServers?.register(server, issuers)
  // What claims there are is the application's word to the compiler: nothing looks at it here.
  return Object.freeze(server) as ResourceServer<object> as ResourceServer<C>
}

/** The steps that a new token has to pass, from its form to its claims. */
function validated(
  presented: Presented,
  progress: Progress,
  issuers: Issuers,
  settings: Settings,
): Later<Validated> {
  const jws = parsed(presented)
  const seconds = () => settings.runtime.now() / 1_000
  return andThen(issuers.find(jws.claims['iss']), (issuer) => {
    progress.trace.configuredAs = issuer.configuredAs
    // Any caller can invent the tenant of a template; a signature by its key is proof.
    if (issuer.template === undefined) progress.trace.issuer = issuer.issuer
    const row = allowedAlgorithm(jws, issuer)
    const how = { now: seconds(), thread: settings.signatureThread }
    return andThen(verifyWithKeys(jws, issuer.keySet, row, how), (signed) => {
      progress.trace.issuer = issuer.issuer
      progress.whose = { claims: jws.claims, trusted: issuer }
      return validate(signed, issuer, seconds(), settings)
    })
  })
}

/**
 * What parses has the characters of a b64token alone, since base64url is read strictly: its field
 * is well formed. Where it does not parse, a malformed field is reported before a malformed token.
 */
function parsed(presented: Presented): UnverifiedJws {
  try {
    return parseJws(presented.token)
  } catch (error) {
    checkForm(presented)
    throw error
  }
}

function bindingRules(
  { dpop, certificate }: Settings,
  proofs: DpopProofs | undefined,
): BindingRules {
  const x5tS256 = certificate && createCertificateProof(certificate)
  return { proofs: { jkt: proofs?.show, x5tS256 }, requiresDpop: dpop?.isRequired === true }
}

/**
 * The token's `alg` decides nothing: it only has to be one that is allowed (RFC 8725 §3.1).
 *
 * @throws {Denial} `algorithm_not_allowed`
 */
export function allowedAlgorithm(
  { header }: UnverifiedJws,
  { algorithms }: TrustedIssuer,
): AlgorithmRow {
  const row = algorithms.get(header.alg)
  if (row !== undefined) return row
  throw new Denial('algorithm_not_allowed', {
    check: 'algorithms',
    expected: `"alg" among ${[...algorithms.keys()].join(', ')}`,
    actual: quote(header.alg),
    hint: 'if the Verifier really signs so, name it in "algorithms"',
  })
}
