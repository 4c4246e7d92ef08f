import type { AuthContext, Runtime } from '@verifier-guard/core'
import { whenExpired } from '@verifier-guard/fetch'

/**
 * A body of the web without end, which ends when the token does, and waits for that no longer once
 * its reader has left.
 */
export function bodyOf(auth: AuthContext, runtime: Runtime): ReadableStream<Uint8Array> {
  const text = new TextEncoder()
  let cancel = (): void => undefined
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(text.encode('first'))
      const end = () => {
        controller.enqueue(text.encode('last'))
        controller.close()
      }
      cancel = whenExpired(auth, end, runtime)
    },
    cancel: () => cancel(),
  })
}
