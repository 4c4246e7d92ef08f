import { systemRuntime } from '@verifier-guard/core/support'
import type { Runtime } from '@verifier-guard/core/support'

/** Everything the client takes from the world around it: clocks, network, chance, timers and identifiers. */
export interface ClientRuntime extends Runtime {
  /** A fresh identifier for each `jti`. */
  readonly uuid: () => string
  /** Waits `delay` milliseconds; unlike `schedule` it keeps the process alive, because a caller is waiting too. */
  readonly sleep: (delay: number) => Promise<void>
}

/** The runtime of the process: its clocks, its global `fetch`, its timers. */
export const clientRuntime: ClientRuntime = Object.freeze({
  ...systemRuntime,
  uuid: () => crypto.randomUUID(),
  sleep: (delay: number) => new Promise<void>((resolve) => void setTimeout(resolve, delay)),
})
