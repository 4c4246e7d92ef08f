/*
 * Uses each proof up, so that it passes once (RFC 9449 §11.1). Key of a proof in; returns, or
 * throws. What a failing store means is the application's choice: closed unless it says otherwise.
 */
import { printable } from '../kit/display.js'
import { Denial } from '../kit/errors.js'
import type { Emitter } from '../kit/events.js'
import type { Later } from '../kit/later.js'
import { withTimeout, type Runtime } from '../kit/runtime.js'
import { encodeBase64url } from '../kit/sha256.js'
import type { DpopSettings, ReplayStore } from '../options/dpop.js'
import { createReplayMemory } from './replay-memory.js'

/** A proof to be used up. */
export interface UsedProof {
  /** 43 characters that no other proof has. */
  readonly key: string
  /** Seconds for which the proof would be accepted again. */
  readonly ttl: number
  /** The thumbprint of the key that signed it. */
  readonly owner: string
  /** The request that it came with: it may be decided on more than once. */
  readonly request: object
}

/** Uses proofs up. */
export interface Replays {
  /** @throws {Denial} `dpop_proof_replayed`, `replay_store_unavailable` */
  use(proof: UsedProof): Later<void>
  /** Shows that the store works. @throws {Denial} `replay_store_unavailable` */
  ready(): Later<void>
}

type World = Pick<Runtime, 'monotonic' | 'schedule' | 'randomBytes'>

/** Makes what uses proofs up, in the application's store or in memory. */
export function createReplays(
  settings: DpopSettings['replay'],
  runtime: World,
  emitter: Emitter,
): Replays {
  if (settings.store !== undefined) return replaysIn(settings.store, settings, runtime, emitter)
  const memory = createReplayMemory(settings.maxEntries, runtime, emitter)
  return {
    ready: () => undefined,
    use({ key, ttl, owner }) {
      const found = memory.add(key, ttl, owner)
      if (found === 'present') throw replayed()
      if (found === 'full') throw full(settings.maxEntries)
    },
  }
}

/** The proofs that requests have used up, by store: two guards may ask for the same request. */
const usedIn = new WeakMap<ReplayStore, WeakMap<object, string>>()

function replaysIn(
  store: ReplayStore,
  { timeout, openFor }: DpopSettings['replay'],
  runtime: World,
  emitter: Emitter,
): Replays {
  const used = usedIn.get(store) ?? new WeakMap<object, string>()
  usedIn.set(store, used)
  const add = boundedAdd(store, timeout, runtime)
  let test: Promise<void> | undefined
  let hasPassed = false
  let failingSince: number | undefined

  async function ready(): Promise<void> {
    if (hasPassed) return
    await (test ??= selfTest().finally(() => (test = undefined)))
  }

  /** Requests that wait for one test share its event. */
  async function selfTest(): Promise<void> {
    const key = encodeBase64url(runtime.randomBytes(32))
    await showMemory(add, key).catch((error: unknown) => {
      emitter.emit('replayStoreFailed', { message: messageOf(error), accepted: false })
      throw unavailable(error)
    })
    hasPassed = true
  }

  async function use({ key, ttl, request }: UsedProof): Promise<void> {
    // A store that never worked is a mistake, and no outage: "openFor" does not hold for it.
    if (!hasPassed) await ready()
    if (used.get(request) === key) return
    const found = await add(key, ttl).catch(failed)
    if (found !== 'unknown') failingSince = undefined
    if (found === 'present') throw replayed()
    used.set(request, key)
  }

  function failed(error: unknown): 'unknown' {
    const now = runtime.monotonic()
    failingSince ??= now
    const accepted = now - failingSince < openFor
    emitter.emit('replayStoreFailed', { message: messageOf(error), accepted })
    if (accepted) return 'unknown'
    throw unavailable(error)
  }

  return { use, ready }
}

type Add = (key: string, ttl: number) => Promise<'added' | 'present'>

/**
 * Asks the store for a limited time, and takes no other answer for one of its two. A write may
 * still land after its time is over, which does no harm: a new try has another proof.
 */
function boundedAdd(store: ReplayStore, timeout: number, runtime: World): Add {
  return async (key, ttl) => {
    const answer = Promise.resolve().then(() => store.add(key, ttl))
    const found = await withTimeout(runtime, answer, timeout, () => {
      throw new Error(`no answer within ${timeout} ms`)
    })
    if (found === 'added' || found === 'present') return found
    throw new Error('an answer other than "added" or "present"')
  }
}

/** A store that forgets at once would never find a replay: it has to show that it remembers. */
async function showMemory(add: Add, key: string): Promise<void> {
  const answers = [await add(key, TEST_TTL), await add(key, TEST_TTL)]
  if (answers.join() === 'added,present') return
  throw new Error('a store that does not find the key that was added')
}

/** Seconds. */
const TEST_TTL = 60

/** A store quotes what servers answer, which may be anything. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? printable(String(error.message)) : 'no error object'
  } catch {
    return 'an error without a message'
  }
}

function replayed(): Denial {
  return new Denial('dpop_proof_replayed', {
    check: 'replay',
    expected: 'a proof that was not used before',
    actual: 'one that was',
    hint: 'the client must make a proof with a new "jti" for every request, also when it tries again',
  })
}

function full(maxEntries: number): Denial {
  return new Denial('replay_store_unavailable', {
    check: 'replay',
    expected: 'space for another used proof',
    actual: `a memory of ${maxEntries} that is full, or of which this key holds half of what is free`,
    hint: 'raise "dpop.replay.maxEntries", or use a shared store',
  })
}

function unavailable(cause: unknown): Denial {
  const reason = {
    check: 'replay',
    expected: 'the store of used proofs to answer "added" or "present"',
    actual: messageOf(cause),
    hint: 'without it a proof could pass twice; "dpop.replay.unavailable" says what to do meanwhile',
  }
  return new Denial('replay_store_unavailable', reason, { cause })
}
