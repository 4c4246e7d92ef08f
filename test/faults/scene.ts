import {
  createResourceServer,
  GuardError,
  systemRuntime,
  type AuthContext,
  type GuardEvents,
  type ResourceServer,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import {
  createDevVerifier,
  type DevVerifier,
  type DevVerifierOptions,
  type MintOptions,
} from '@verifier-guard/dev-verifier'
import { createClock, settle, type Clock } from './clock.js'

/** What became of a token: `allowed`, or the answer that its bearer gets. */
export type Outcome =
  'allowed' | { readonly status: number; readonly code: string; readonly retryAfter?: number }

/** A Verifier, an API behind it, and the clock that both go by. */
export interface Scene {
  readonly verifier: DevVerifier
  readonly server: ResourceServer
  readonly clock: Clock
  /** A token that outlasts every test. */
  readonly mint: (options?: MintOptions) => string
  /** A token that names a key that was never published. */
  readonly invented: () => string
  /** What becomes of a token. */
  readonly present: (token: string) => Promise<Outcome>
  /** The events of one name. */
  readonly events: <Name extends keyof GuardEvents>(name: Name) => readonly GuardEvents[Name][]
  /** Addresses that were called, in order. */
  readonly calls: readonly string[]
  /** What the developer was warned of. */
  readonly warnings: readonly string[]
}

const scenes: Scene[] = []

/** Ends what the tests of a file have begun. */
export async function endScenes(): Promise<void> {
  for (const { server, verifier } of scenes.splice(0)) {
    server.close()
    await verifier.close()
  }
}

/** How a scene departs from the usual one. */
export interface SceneOptions {
  readonly options?: Partial<ResourceServerOptions>
  readonly verifier?: DevVerifierOptions
  /** Takes the place of the way to the Verifier. */
  readonly fetch?: (
    url: string,
    init: RequestInit | undefined,
    scene: Pick<Scene, 'verifier' | 'clock'>,
  ) => Promise<Response>
  /** What chance yields; 0.5 by default. */
  readonly chance?: number
}

/** Sets up a scene; time stands still in it. */
export function setScene({ options, fetch, chance = 0.5, ...more }: SceneOptions = {}): Scene {
  const clock = createClock()
  const calls: string[] = []
  const warnings: string[] = []
  const verifier = createDevVerifier({
    ...more.verifier,
    runtime: { now: clock.now, schedule: clock.schedule },
  })
  const events: { readonly name: string; readonly event: unknown }[] = []
  const record = (name: keyof GuardEvents) => (event: unknown) => void events.push({ name, event })
  const server = createResourceServer({
    issuer: verifier.issuer,
    profile: 'eudistack',
    runtime: {
      ...systemRuntime,
      ...clock,
      random: () => chance,
      warn: (message) => void warnings.push(message),
      fetch: (url, init) => {
        calls.push(url)
        return fetch === undefined
          ? verifier.fetch(url, init)
          : fetch(url, init, { verifier, clock })
      },
    },
    events: Object.fromEntries(NAMES.map((name) => [name, record(name)])),
    ...options,
    // A scene decides when the first fetch begins.
    keySet: { prefetch: false, ...options?.keySet },
  })
  const mint = (options: MintOptions = {}) => verifier.mint({ expiresIn: 1_000_000, ...options })
  let inventions = 0
  const scene: Scene = {
    verifier,
    server,
    clock,
    calls,
    warnings,
    mint,
    invented: () => mint({ header: { kid: `invented-${(inventions += 1)}` } }),
    present: (token) => outcome(server.verifyAccessToken(token)),
    events: <Name extends keyof GuardEvents>(wanted: Name) =>
      events.filter(({ name }) => name === wanted).map(({ event }) => event as GuardEvents[Name]),
  }
  scenes.push(scene)
  return scene
}

/** The same scene with the keys at hand. */
export async function setWarmScene(options?: SceneOptions): Promise<Scene> {
  const scene = setScene(options)
  await scene.server.ready()
  return scene
}

/** What becomes of a decision. */
export async function outcome(decision: Promise<AuthContext>): Promise<Outcome> {
  try {
    await decision
    return 'allowed'
  } catch (error) {
    if (!(error instanceof GuardError)) throw error
    const retryAfter = error.headers['Retry-After']
    return {
      status: error.status,
      code: error.code,
      ...(retryAfter !== undefined && { retryAfter: Number(retryAfter) }),
    }
  }
}

/** What became of a token, and how long its bearer waited for that, in seconds. */
export async function timed(
  { clock, present }: Scene,
  token: string,
): Promise<{ outcome: Outcome; waited: number }> {
  let outcome: Outcome | undefined
  const start = clock.monotonic()
  void present(token).then((value) => (outcome = value))
  for (await settle(); outcome === undefined; await settle()) {
    if (clock.monotonic() - start > 60_000)
      throw new Error('expected an answer within a minute, got none')
    // Without a timer that is due soon, no request waits for time: a signature is being checked.
    if (clock.timers().some((delay) => delay <= 5_000)) await clock.pass(0.5)
  }
  return { outcome, waited: (clock.monotonic() - start) / 1_000 }
}

/** The answer of an API whose Verifier can't be asked. */
export const unavailable = {
  status: 503,
  code: 'keys_unavailable',
  retryAfter: expect.any(Number) as number,
}

const NAMES = [
  'allowed',
  'denied',
  'keySetRefreshed',
  'keysChanged',
  'keySetFailed',
  'keySetStale',
] as const
