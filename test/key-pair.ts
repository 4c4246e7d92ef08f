import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type ECKeyPairOptions,
  type KeyObject,
} from 'node:crypto'

/**
 * A fresh key pair. Its keys share nothing with the job that generated them: Node 20 waits for ever
 * when it collects that job while such a key is being exported.
 */
export function createKeyPair(
  type: 'ec' | 'ed25519' | 'rsa',
  options: {
    readonly namedCurve?: string
    readonly modulusLength?: number
    readonly publicExponent?: number
  } = {},
): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync(
    type as 'ec',
    {
      ...options,
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    } as ECKeyPairOptions<'der', 'der'>,
  )
  return {
    publicKey: createPublicKey({ key: publicKey, format: 'der', type: 'spki' }),
    privateKey: createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }),
  }
}
