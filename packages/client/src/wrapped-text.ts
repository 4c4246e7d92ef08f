import { base64, base64nopad } from '@scure/base'
import { attempt } from './attempt.js'

/**
 * A text as files and environment variables hand it on: as bytes, after a byte order mark, within
 * white space or quotation marks.
 *
 * @returns `undefined` for bytes that are no UTF-8.
 */
export function unwrapText(input: string | Uint8Array): string | undefined {
  const text = typeof input === 'string' ? input : decode(input)
  const bare = text?.replace(/^\ufeff/, '').trim()
  return /^(["'])([^]*)\1$/.exec(bare ?? '')?.[2]?.trim() ?? bare
}

/** The bytes of a text in Base64, with or without padding, in one line or several. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const compact = text.replace(/\s+/g, '')
  return attempt(() =>
    compact.endsWith('=') ? base64.decode(compact) : base64nopad.decode(compact),
  )
}

function decode(bytes: Uint8Array): string | undefined {
  // Bytes of another realm are no instance of our class.
  return attempt(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}
