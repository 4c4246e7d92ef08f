/* SHA-256 of a text (FIPS 180-4). */
import type { Later } from './later.js'
import { nodeCrypto } from './node.js'

/**
 * The SHA-256 of a text in UTF-8 or of bytes, as base64url without padding.
 *
 * @returns at once on Node; WebCrypto takes its time
 */
export function sha256(text: string | Uint8Array): Later<string> {
  if (nodeCrypto === undefined) return webSha256(text)
  // In one step, which takes half the time; Bun and Deno may not have it.
  if (typeof nodeCrypto.hash === 'function') return nodeCrypto.hash('sha256', text, 'base64url')
  return nodeCrypto.createHash('sha256').update(text).digest('base64url')
}

async function webSha256(text: string | Uint8Array): Promise<string> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : new Uint8Array(text)
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return encodeBase64url(new Uint8Array(digest))
}

/** Bytes as base64url without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
