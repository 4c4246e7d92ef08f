/*
 * Used proofs in the memory of this process, by a clock that is never stepped.
 */
import type { Emitter } from '../kit/events.js'
import type { Runtime } from '../kit/runtime.js'

/** What a used proof is added to. */
export interface ReplayMemory {
  /**
   * Adds a key.
   *
   * @param ttl seconds
   * @param thumbprint of the key that signed the proof
   * @returns `full` where there is no space: to forget another proof would let it pass again
   */
  add(key: string, ttl: number, thumbprint: string): 'added' | 'present' | 'full'
}

/** A client's key, and how many proofs by it are remembered. */
interface Owner {
  readonly thumbprint: string
  held: number
}

/**
 * Makes the memory for used proofs.
 *
 * One owner may hold as much as is still free: a busy client never takes more than half, and leaves
 * space for the next.
 */
export function createReplayMemory(
  maxEntries: number,
  { monotonic }: Pick<Runtime, 'monotonic'>,
  emitter: Emitter,
): ReplayMemory {
  const owners = new Map<string, Owner>()
  const byThumbprint = new Map<string, Owner>()
  /** The keys that end within each second. */
  const ends = new Map<number, string[]>()
  let sweptAt = -Infinity
  let isFilling = false

  function sweep(second: number): void {
    if (second === sweptAt) return
    sweptAt = second
    for (const [end, keys] of ends) {
      if (end >= second) continue
      ends.delete(end)
      for (const key of keys) forget(key)
    }
    if (owners.size <= maxEntries / 2) isFilling = false
  }

  function forget(key: string): void {
    const owner = owners.get(key)!
    owners.delete(key)
    owner.held -= 1
    if (owner.held === 0) byThumbprint.delete(owner.thumbprint)
  }

  function report(): void {
    if (isFilling || owners.size < maxEntries * 0.8) return
    isFilling = true
    emitter.emit('replayMemoryFilling', { entries: owners.size, maxEntries })
  }

  return {
    add(key, ttl, thumbprint) {
      const now = monotonic() / 1_000
      sweep(Math.floor(now))
      if (owners.has(key)) return 'present'
      const owner = byThumbprint.get(thumbprint) ?? { thumbprint, held: 0 }
      if (owner.held >= maxEntries - owners.size) return 'full'
      if (owner.held === 0) byThumbprint.set(thumbprint, owner)
      owner.held += 1
      owners.set(key, owner)
      const end = Math.ceil(now + ttl)
      const sameEnd = ends.get(end)
      if (sameEnd === undefined) ends.set(end, [key])
      else sameEnd.push(key)
      report()
      return 'added'
    },
  }
}
