/* HMAC with SHA-256 (RFC 2104). */
import { encodeBase64url } from './sha256.js'
import type { Later } from './later.js'
import { nodeCrypto } from './node.js'

/**
 * The HMAC-SHA-256 of a text by a secret, both in UTF-8, as base64url without padding.
 *
 * @returns at once on Node; WebCrypto takes its time
 */
export function hmac(secret: string, text: string): Later<string> {
  if (nodeCrypto === undefined) return webHmac(secret, text)
  return nodeCrypto.createHmac('sha256', secret).update(text).digest('base64url')
}

async function webHmac(secret: string, text: string): Promise<string> {
  const utf8 = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', utf8.encode(secret), algorithm, false, ['sign'])
  return encodeBase64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8.encode(text))))
}

/** Whether two texts of one length are the same, in a time that does not say where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let index = 0; index < one.length; index += 1)
    difference |= one.charCodeAt(index) ^ other.charCodeAt(index)
  return difference === 0
}
