/* Base64url without padding, strictly read (RFC 7515 §2). */
import type * as buffer from 'node:buffer'
import { nodeBuffer } from './node.js'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const CHARACTERS = /^[A-Za-z0-9_-]*$/

/** The value of each character code, −1 outside the alphabet. */
const VALUES = Int8Array.from({ length: 128 }, (_, code) =>
  ALPHABET.indexOf(String.fromCharCode(code)),
)

type Decode = (this: void, text: string) => Uint8Array<ArrayBuffer> | undefined

/** For every runtime. */
export const portable: Decode = (text) => {
  if (!CHARACTERS.test(text)) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let bits = 0
  let held = 0
  let length = 0
  for (let index = 0; index < text.length; index += 1) {
    bits = (bits << 6) | VALUES[text.charCodeAt(index)]!
    held += 6
    if (held < 8) continue
    held -= 8
    bytes[length++] = bits >> held
    bits &= (1 << held) - 1
  }
  // A whole character left over is one too many, and bits that are set in the rest are a second
  // spelling of the same bytes.
  return held < 6 && bits === 0 ? bytes : undefined
}

/**
 * Several times as fast. Node's decoder is lenient, but what it accepts is canonical exactly if it
 * encodes to the same text again.
 */
function byNode({ Buffer }: typeof buffer): Decode {
  return (text) => {
    const bytes = Buffer.from(text, 'base64url')
    return bytes.toString('base64url') === text ? bytes : undefined
  }
}

/**
 * The bytes of a text in canonical base64url (RFC 4648 §3.5, RFC 7515 §2): the alphabet alone, no
 * padding, and no stray bits in the last character, so that one signature has one spelling only.
 *
 * @returns `undefined` for any other text
 */
export const decodeBase64url = nodeBuffer === undefined ? portable : byNode(nodeBuffer)

/**
 * The bytes of a text in base64 (RFC 4648 §4), with its padding or without.
 *
 * @returns `undefined` for any other text
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const [, digits] = /^([A-Za-z0-9+/]+)={0,2}$/.exec(text) ?? []
  if (digits === undefined) return undefined
  return decodeBase64url(digits.replaceAll('+', '-').replaceAll('/', '_'))
}
