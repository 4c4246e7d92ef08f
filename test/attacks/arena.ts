import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  createResourceServer,
  GuardError,
  systemRuntime,
  type AuthContext,
  type GuardEvents,
  type ErrorCode,
  type ProfileName,
  type RequestLike,
  type Requirement,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import { explainToken } from '@verifier-guard/core/explain'
import {
  createDevVerifier,
  type DevVerifier,
  type Jwk,
  type MintOptions,
} from '@verifier-guard/dev-verifier'
import { createSigner, encode, type Signer } from '../differential/signer.js'

/** Stands in every token where a person or a secret would be: it must come out nowhere. */
export const MARKER = 'MARKED'

/** Claims about people. */
const PERSONAL = {
  sub: `${MARKER}-subject`,
  email: `${MARKER}@person.example`,
  name: `${MARKER} Person`,
  phone_number: `${MARKER} 600 000 000`,
}

type Claims = Readonly<Record<string, unknown>>

/** A resource server under attack, with the Verifier whose key signs whatever is asked. */
export interface Arena {
  readonly verifier: DevVerifier
  readonly signer: Signer
  readonly kid: string
  /** Every address that was fetched. */
  readonly fetched: readonly string[]
  readonly denied: readonly GuardEvents['denied'][]
  readonly claims: Claims
  /** Makes a good token; replaced where another profile needs another. */
  mint: (options?: MintOptions) => string
  /**
   * A token signed with the Verifier's key, with members of header and claims changed; `undefined`
   * removes one.
   */
  readonly sealed: (header: Claims, claims?: Claims) => string
  /** The same with texts taken as they are. */
  readonly sealedText: (header: string | Buffer, payload: string | Buffer) => string
  authenticate(request: RequestLike, requirement?: Requirement): Promise<AuthContext>
  verifyAccessToken(token: string): Promise<AuthContext>
  /**
   * Checks that a token is refused with exactly this code, that nothing leaks, and that a good
   * token passes all the same.
   */
  refuses(token: string, code: ErrorCode, status?: number): Promise<GuardEvents['denied']>
  refusesRequest(
    request: RequestLike,
    code: ErrorCode,
    status?: number,
  ): Promise<GuardEvents['denied']>
  admits(token: string): Promise<AuthContext>
  close(): void
}

/** Makes an arena; the profile is `eudistack` unless the options say otherwise. */
export function createArena(
  options: Partial<ResourceServerOptions> & { profile?: ProfileName } = {},
  addedKeys: readonly Jwk[] = [],
): Arena {
  const signer = createSigner('ES256')
  const verifier = createDevVerifier({ key: privateJwk(signer) })
  verifier.addKeys(addedKeys)
  const kid = verifier.jwks().keys[0]!['kid'] as string
  const fetched: string[] = []
  const denied: GuardEvents['denied'][] = []
  const fetch = (url: string, init?: RequestInit) => (fetched.push(url), verifier.fetch(url, init))
  const settings = {
    issuer: verifier.issuer,
    profile: 'eudistack',
    // The keys of a FIWARE VCVerifier are elsewhere, and this one is of another family.
    ...(options.profile === 'fiware' && { jwksUri: `${verifier.issuer}/oidc/jwks` }),
    runtime: { ...systemRuntime, fetch, warn: () => {} },
    events: { denied: (event) => denied.push(event) },
    ...options,
  } as ResourceServerOptions
  const server = createResourceServer(settings)
  const published: unknown[] = []
  const onDenied = (event: unknown) => void published.push(event)
  subscribe('verifier-guard:denied', onDenied)

  const mint = (more: MintOptions = {}) =>
    verifier.mint({ ...more, claims: { ...PERSONAL, ...more.claims } })
  const claims = JSON.parse(Buffer.from(mint().split('.')[1]!, 'base64url').toString()) as Claims
  const header = { alg: 'ES256', kid, typ: 'JWT' }

  async function refusesRequest(
    request: RequestLike,
    code: ErrorCode,
    status = 401,
  ): Promise<GuardEvents['denied']> {
    const before = denied.length
    const error: unknown = await server.authenticate(request).then(
      () => 'allowed',
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof GuardError))
      throw new Error(`expected a GuardError, found ${String(error)}`)
    expect([error.code, error.status]).toEqual([code, status])
    expect(denied).toHaveLength(before + 1)
    const event = denied.at(-1)!
    expect(published.at(-1)).toBe(event)
    expectNoLeak([event, error, error.message, error.stack, error.headers], valuesOf(request))
    await admits(arena.mint())
    expect(verifierAddresses(verifier)).toEqual(expect.arrayContaining([...new Set(fetched)]))
    return event
  }

  /** An explanation says what a decision says, reaches no listener, and leaks nothing. */
  async function explainsAlike(token: string, code: ErrorCode): Promise<void> {
    const runtime = { ...settings.runtime, fetch: verifier.fetch }
    const told = denied.length
    const explanation = await explainToken(token, { ...settings, runtime })
    expect(explanation.code).toBe(code)
    expect(denied).toHaveLength(told)
    expectNoLeak([explanation], [token])
  }

  async function admits(token: string): Promise<AuthContext> {
    const request = bearing(token)
    const auth = await server.authenticate(request)
    expect(auth.token).toBe(token)
    return auth
  }

  const arena: Arena = {
    verifier,
    signer,
    kid,
    fetched,
    denied,
    claims,
    mint,
    sealed: (more, changed = {}) =>
      signer.token(
        JSON.stringify({ ...header, ...more }),
        JSON.stringify({ ...claims, ...changed }),
      ),
    sealedText: signer.token,
    authenticate: (request, requirement) => server.authenticate(request, requirement),
    verifyAccessToken: (token) => server.verifyAccessToken(token),
    async refuses(token, code, status) {
      const event = await refusesRequest(bearing(token), code, status)
      await explainsAlike(token, code)
      return event
    },
    refusesRequest,
    admits,
    close() {
      unsubscribe('verifier-guard:denied', onDenied)
      server.close()
    },
  }
  return arena
}

/** The request that carries a token as it should be. */
export function bearing(token: string): RequestLike {
  return { headers: { authorization: `Bearer ${token}` } }
}

function privateJwk({ privateKey, jwk }: Signer): Jwk {
  return { ...privateKey.export({ format: 'jwk' }), kty: jwk.kty! }
}

/** A token with another signature. */
export function withSignature(token: string, signature: string | Buffer): string {
  return `${token.slice(0, token.lastIndexOf('.'))}.${typeof signature === 'string' ? signature : encode(signature)}`
}

/** The only places that a resource server may ask, whatever it is sent. */
function verifierAddresses({ issuer }: DevVerifier): readonly string[] {
  return [`${issuer}/.well-known/openid-configuration`, `${issuer}/oidc/jwks`]
}

function valuesOf({ headers }: RequestLike): readonly string[] {
  const { authorization } = headers as { authorization?: string | readonly string[] }
  return [authorization ?? []].flat()
}

/**
 * Neither personal claims, nor the token, nor any of its parts may stand in what operators and
 * callers get to see.
 */
export function expectNoLeak(outputs: readonly unknown[], secrets: readonly string[]): void {
  const parts = secrets
    .flatMap((secret) => secret.split(/[.\s]/))
    .filter((part) => part.length > 20)
  for (const output of outputs) {
    const text = typeof output === 'string' ? output : JSON.stringify(output)
    expect(text).not.toContain(MARKER)
    for (const part of parts) expect(text.includes(part)).toBe(false)
  }
}

/** An attack by token: what it is, and the exact code that it ends in. */
export interface Attack {
  readonly title: string
  readonly token: (arena: Arena) => string
  readonly code: ErrorCode
}

/**
 * Runs a table of attacks on one resource server, so that none can poison it for the next; or on
 * one each, where they would use up what requests may ask of the Verifier.
 */
export function runAttacks(
  section: string,
  table: readonly Attack[],
  servers: 'one' | 'each' = 'one',
): void {
  describe(section, () => {
    let arena: Arena | undefined
    const end = () => {
      arena?.close()
      arena = undefined
    }
    if (servers === 'each') afterEach(end)
    afterAll(end)

    test.each(table)('$title: $code', async ({ token, code }) => {
      arena ??= createArena()
      await arena.refuses(token(arena), code)
    })
  })
}
