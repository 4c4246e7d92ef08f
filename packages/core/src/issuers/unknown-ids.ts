import type { Runtime } from '../kit/runtime.js'

const MAX_UNKNOWN = 1_000
/**
 * Longer key ids than any Verifier has are not remembered: the refetch budget alone governs them.
 */
const MAX_KID_LENGTH = 256

/**
 * Key ids looked for in vain a moment ago: bounded, so that invented ones only forget each other.
 */
export function createUnknownIds(runtime: Pick<Runtime, 'monotonic'>) {
  const seen = new Map<string, number>()
  return {
    has: (kid: string, within: number) =>
      runtime.monotonic() - (seen.get(kid) ?? -Infinity) < within,
    add(kid: string) {
      if (kid.length > MAX_KID_LENGTH) return
      if (seen.size >= MAX_UNKNOWN) seen.delete(seen.keys().next().value!)
      seen.delete(kid)
      seen.set(kid, runtime.monotonic())
    },
  }
}
