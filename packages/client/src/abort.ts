interface Waiting {
  readonly callbacks: Set<() => void>
  readonly stop: () => void
}

/** Who waits on each signal. */
const waitingOn = new WeakMap<AbortSignal, Waiting>()

/**
 * Calls back when the signal aborts. All who wait on one signal share one listener: a service may
 * have one signal for its shutdown and a thousand calls under way, which is no leak to warn of.
 *
 * @returns the way to call it off.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const waiting = waitingOn.get(signal) ?? listen(signal)
  waiting.callbacks.add(callback)
  return () => {
    waiting.callbacks.delete(callback)
    if (waiting.callbacks.size === 0) waiting.stop()
  }
}

function listen(signal: AbortSignal): Waiting {
  const callbacks = new Set<() => void>()
  const abort = () => {
    stop()
    for (const callback of callbacks) callback()
  }
  const stop = () => {
    waitingOn.delete(signal)
    signal.removeEventListener('abort', abort)
  }
  signal.addEventListener('abort', abort)
  const waiting = { callbacks, stop }
  waitingOn.set(signal, waiting)
  return waiting
}

/** The signal, if it is one: HTTP clients take less than an AbortSignal. */
export function abortSignal(given: unknown): AbortSignal | undefined {
  return typeof given === 'object' && given !== null && 'throwIfAborted' in given
    ? (given as AbortSignal)
    : undefined
}
