/*
 * Reads what a token is bound to. Claims in, the confirmation out (RFC 7800 §3.1, RFC 9449 §6.1,
 * RFC 8705 §3.1). A `cnf` within a credential is the holder's key, not the token's: never read.
 */
import { quote } from '../kit/display.js'
import { isObject } from '../kit/members.js'

/** The keys that a token is bound to (RFC 7800 §3.1): the request must show each of them. */
export interface Confirmation {
  /** The thumbprint of a DPoP key (RFC 9449 §6.1). */
  readonly jkt?: string
  /** The thumbprint of a client certificate (RFC 8705 §3.1). */
  readonly x5tS256?: string
  /** What can't be confirmed here, in words: then nothing confirms the token. */
  readonly unsupported?: string
}

const MEMBERS: Readonly<Record<string, 'jkt' | 'x5tS256'>> = { jkt: 'jkt', 'x5t#S256': 'x5tS256' }

/** @returns `undefined` for a bearer token */
export function confirmationOf(
  claims: Readonly<Record<string, unknown>>,
): Confirmation | undefined {
  if (!Object.hasOwn(claims, 'cnf')) return undefined
  const stated = claims['cnf']
  if (!isObject(stated) || Object.keys(stated).length === 0) return { unsupported: quote(stated) }
  const confirmation: { -readonly [Name in keyof Confirmation]: Confirmation[Name] } = {}
  for (const [name, value] of Object.entries(stated)) {
    const member = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined
    if (member === undefined || typeof value !== 'string' || value === '')
      return { unsupported: quote(name) }
    confirmation[member] = value
  }
  return Object.freeze(confirmation)
}
