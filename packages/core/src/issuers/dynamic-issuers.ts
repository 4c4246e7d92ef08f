import { Denial } from '../kit/errors.js'
import type { TrustedIssuer } from './issuer.js'
import type { KeySetHealth } from './key-set.js'
import { LRUCache } from '../kit/lru-cache.js'
import type { Settings } from '../options/options.js'
import type { Runtime } from '../kit/runtime.js'

/** Issuers known by template or lookup that are remembered, each with its key set. */
const MAX_DYNAMIC = 1_000
/**
 * Anybody can invent tenants of a template: no more than this many may be on trial at a time, or be
 * new within a moment.
 */
const MAX_UNPROVEN = 64
/**
 * How often one more may be new after that, in milliseconds: whoever invents tenants competes with
 * real ones for these, and each costs the Verifier two fetches.
 */
const NEWCOMER_EVERY = 100

/**
 * Issuers by template or lookup: on trial until a signature holds by one of their keys. Anybody can
 * invent one, and a Verifier that answers for any host name answers for those too; so they neither
 * push out real ones, nor count in their health, nor cause a fetch of their own accord.
 */
export function dynamicIssuers({ runtime, limits }: Settings) {
  const proven = new LRUCache<string, TrustedIssuer>({
    max: MAX_DYNAMIC,
    dispose: ({ keySet }) => keySet.close(),
  })
  const unproven = new Map<string, TrustedIssuer>()
  const newcomers = createAllowance(runtime)
  let closed = false

  function admit(newcomer: TrustedIssuer): TrustedIssuer {
    const onTrial: TrustedIssuer = { ...newcomer, keySet: { ...newcomer.keySet, prove } }
    function prove(): void {
      if (unproven.get(newcomer.issuer) !== onTrial) return
      unproven.delete(newcomer.issuer)
      proven.set(newcomer.issuer, newcomer)
      newcomers.giveBack()
      newcomer.keySet.prove()
    }
    unproven.set(newcomer.issuer, onTrial)
    return onTrial
  }

  /**
   * Makes room for one more: whoever has had an answer, good or bad, and shown no signature since
   * goes first.
   */
  function makeRoom(): boolean {
    if (unproven.size < MAX_UNPROVEN) return true
    for (const [name, { keySet }] of unproven) {
      const { status, failures } = keySet.health()
      if (status === 'down' && failures === 0) continue
      unproven.delete(name)
      keySet.close()
      return true
    }
    return false
  }

  return {
    get: (name: string): TrustedIssuer | undefined => proven.get(name) ?? unproven.get(name),
    add(issuer: TrustedIssuer): TrustedIssuer {
      if (closed || !newcomers.take() || !makeRoom()) {
        issuer.keySet.close()
        throw tooManyUnproven(limits.timeout)
      }
      return admit(issuer)
    },
    remove(name: string): void {
      unproven.get(name)?.keySet.close()
      unproven.delete(name)
      proven.delete(name)
    },
    health: (): readonly KeySetHealth[] =>
      [...proven.values()].map(({ keySet }) => keySet.health()),
    close(): void {
      closed = true
      proven.clear()
      for (const { keySet } of unproven.values()) keySet.close()
      unproven.clear()
    },
  }
}

/**
 * How many new issuers may be tried: some at once, then ten a second, so that whoever invents them
 * neither floods the Verifier nor takes every place. Who turns out real does not count.
 */
function createAllowance(runtime: Pick<Runtime, 'monotonic'>) {
  let left = MAX_UNPROVEN
  let at = runtime.monotonic()
  return {
    take(): boolean {
      const now = runtime.monotonic()
      left = Math.min(MAX_UNPROVEN, left + (now - at) / NEWCOMER_EVERY)
      at = now
      if (left < 1) return false
      left -= 1
      return true
    },
    giveBack() {
      left = Math.min(MAX_UNPROVEN, left + 1)
    },
  }
}

function tooManyUnproven(retryAfter: number): Denial {
  const reason = {
    check: 'issuer',
    expected: `no more than ${MAX_UNPROVEN} new issuers at a time whose keys are still to come`,
    actual: 'more, or a resource server that was closed',
  }
  return new Denial('keys_unavailable', reason, { retryAfter })
}
