import {
  createResourceServer,
  GuardError,
  systemRuntime,
  type Admission,
  type ErrorCode,
  type GuardEvents,
  type RequestLike,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import { createSigner } from '../differential/signer.js'
import { createHolder, type Holder, type ProofFor } from './holder.js'

const ISSUER = 'https://as.example.org'
const AUDIENCE = 'https://api.example.org'
/** The public URL of the API. */
export const RESOURCE = 'https://api.example.org'
/** When everything happens, unless a test lets time pass. */
export const START = Date.parse('2026-01-01T12:00:00Z') / 1_000

const server = createSigner('ES256')

/** The options of an API that trusts the authorization server of these tests. */
export const trust: ResourceServerOptions = {
  issuer: ISSUER,
  audience: AUDIENCE,
  keys: { keys: [{ ...server.jwk, kid: 'a' }] },
}

/** An access token of the authorization server; without `cnf` a bearer token. */
export function mint(claims: object = {}, iat = START): string {
  const header = JSON.stringify({ alg: 'ES256', kid: 'a', typ: 'at+jwt' })
  const stated = { iss: ISSUER, aud: AUDIENCE, sub: 'shop', iat, exp: iat + 3_600 }
  return server.token(header, JSON.stringify({ ...stated, ...claims }))
}

/** What became of a request. */
export interface Outcome {
  readonly code: ErrorCode | 'accepted'
  readonly status: number
  readonly challenges: readonly string[]
  readonly nonce: string | undefined
  readonly admission?: Admission
  readonly error?: GuardError
}

/** An API with a clock that stands still, and a client of it. */
export interface Api {
  readonly holder: Holder
  /** A token bound to the holder's key. */
  readonly token: string
  readonly events: readonly (readonly [name: string, event: unknown])[]
  readonly warnings: readonly string[]
  readonly resourceServer: ReturnType<typeof createResourceServer>
  now(): number
  pass(seconds: number): void
  /** A proof for `GET /orders`, or as stated. */
  proof(what?: Partial<ProofFor>): string
  ask(request: RequestLike): Promise<Outcome>
  /** Asks with the bound token as DPoP and this proof, or these fields. */
  send(proof: string | readonly string[] | undefined, more?: Partial<RequestLike>): Promise<Outcome>
  close(): void
}

/** Starts an API. */
export function createApi(options: Partial<ResourceServerOptions> = {}): Api {
  let elapsed = 0
  const events: [string, unknown][] = []
  const warnings: string[] = []
  const now = () => START + elapsed
  const record = (name: keyof GuardEvents) => (event: unknown) => void events.push([name, event])
  const { runtime, ...others } = options
  const resourceServer = createResourceServer({
    ...trust,
    resource: RESOURCE,
    runtime: {
      ...systemRuntime,
      now: () => now() * 1_000,
      monotonic: () => elapsed * 1_000,
      warn: (message) => void warnings.push(message),
      ...runtime,
    },
    events: {
      denied: record('denied'),
      replayStoreFailed: record('replayStoreFailed'),
      replayMemoryFilling: record('replayMemoryFilling'),
    },
    ...others,
  } as ResourceServerOptions)
  const holder = createHolder()
  const token = mint({ cnf: { jkt: holder.jkt } })
  const ask = (request: RequestLike) =>
    resourceServer.admit(request).then(
      (admission): Outcome => ({
        code: 'accepted',
        status: 200,
        challenges: [],
        nonce: admission.headers['DPoP-Nonce'] as string | undefined,
        admission,
      }),
      (error: unknown) => refusal(error),
    )
  return {
    holder,
    token,
    events,
    warnings,
    resourceServer,
    now,
    pass: (seconds) => void (elapsed += seconds),
    proof: (what) => holder.proof({ url: `${RESOURCE}/orders`, token, at: now(), ...what }),
    ask,
    send: (proof, more) =>
      ask({
        method: 'GET',
        url: '/orders',
        headers: { authorization: `DPoP ${token}`, ...(proof !== undefined && { dpop: proof }) },
        ...more,
      }),
    close: () => resourceServer.close(),
  }
}

function refusal(error: unknown): Outcome {
  if (!(error instanceof GuardError)) throw error
  const { code, status, headers } = error
  return {
    code,
    status,
    challenges: [headers['WWW-Authenticate'] ?? []].flat(),
    nonce: headers['DPoP-Nonce'] as string | undefined,
    error,
  }
}
