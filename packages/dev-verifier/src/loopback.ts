import { isIP } from 'node:net'

/**
 * True for an address or name that only this machine can reach (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3,
 * RFC 6761 §6.3).
 */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (isIP(bare) === 4) return bare.startsWith('127.')
  return bare === '::1' || bare === 'localhost'
}
