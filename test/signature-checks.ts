import crypto from 'node:crypto'
import type { ResourceServer } from '@verifier-guard/core'

/** Counts the signatures that Node checks while some work runs. */
export async function signatureChecks(work: () => unknown): Promise<number> {
  const verify = jest.spyOn(crypto, 'verify')
  try {
    await work()
    return verify.mock.calls.length
  } finally {
    verify.mockRestore()
  }
}

/** Whether a resource server accepts a token without checking its signature again. */
export async function isRemembered(server: ResourceServer, token: string): Promise<boolean> {
  let isAccepted = false
  const checks = await signatureChecks(() =>
    server.verifyAccessToken(token).then(
      () => (isAccepted = true),
      () => {},
    ),
  )
  return isAccepted && checks === 0
}
