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
   * @param owner the thumbprint of the key that signed the proof
   * @returns `full` where there is no room: to forget another proof would let it pass again
   */
  add(key: string, ttl: number, owner: string): 'added' | 'present' | 'full'
}

/**
 * Makes the memory for used proofs.
 *
 * One owner may hold as much as is still free: a busy client never takes more than half, and leaves
 * room for the next.
 */
export function createReplayMemory(
  maxEntries: number,
  { monotonic }: Pick<Runtime, 'monotonic'>,
  emitter: Emitter,
): ReplayMemory {
  const owners = new Map<string, string>()
  const held = new Map<string, number>()
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
    const left = held.get(owner)! - 1
    owners.delete(key)
    if (left === 0) held.delete(owner)
    else held.set(owner, left)
  }

  function report(): void {
    if (isFilling || owners.size < maxEntries * 0.8) return
    isFilling = true
    emitter.emit('replayMemoryFilling', { entries: owners.size, maxEntries })
  }

  return {
    add(key, ttl, owner) {
      const now = monotonic() / 1_000
      sweep(Math.floor(now))
      if (owners.has(key)) return 'present'
      const own = held.get(owner) ?? 0
      if (own >= maxEntries - owners.size) return 'full'
      owners.set(key, owner)
      held.set(owner, own + 1)
      const end = Math.ceil(now + ttl)
      const sameEnd = ends.get(end)
      if (sameEnd === undefined) ends.set(end, [key])
      else sameEnd.push(key)
      report()
      return 'added'
    },
  }
}
