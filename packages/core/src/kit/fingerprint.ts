import { builtinModule } from './runtime.js'

const nodeCrypto = builtinModule('node:crypto')

/**
 * The first 16 characters of a token's SHA-256 in base64url: enough to find its denials in a log,
 * too little to be of use to a thief.
 *
 * @returns at once on Node; WebCrypto takes its time
 */
export function fingerprint(token: string): string | Promise<string> {
  if (nodeCrypto === undefined) return webFingerprint(token)
  return nodeCrypto.createHash('sha256').update(token).digest('base64url').slice(0, 16)
}

async function webFingerprint(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  const text = btoa(String.fromCharCode(...new Uint8Array(digest, 0, 12)))
  return text.replaceAll('+', '-').replaceAll('/', '_')
}
