/* The bits of a status list: compressed text in, one status out. */
import { decodeBase64url } from '../kit/base64url.js'
import type { BitOrder } from '../options/status-lists.js'

/** The statuses of a list, a fixed number of bits each. */
export interface StatusBits {
  readonly bytes: Uint8Array
  readonly bits: number
  readonly order: BitOrder
}

/**
 * The longest list that is looked at, in bytes after decompression: eight million entries of one
 * bit.
 */
export const MAX_LIST_BYTES = 1_048_576

/**
 * The first two bytes of what is compressed: gzip (RFC 1952 §2.3.1), or zlib with its usual window
 * (RFC 1950 §2.2).
 */
const FORMATS = [
  { format: 'gzip', fits: (first: number, second: number) => first === 0x1f && second === 0x8b },
  {
    format: 'deflate',
    fits: (first: number, second: number) => first === 0x78 && ((first << 8) | second) % 31 === 0,
  },
] as const

/**
 * Unpacks a status list: base64url, with the multibase prefix `u` or without, of gzip or zlib.
 *
 * The Bitstring Status List says gzip and the Token Status List zlib; EUDIStack Issuers write gzip
 * in both, so the bytes decide.
 *
 * @returns the bytes, or a phrase that says what was found instead
 */
export async function unpack(encoded: unknown): Promise<Uint8Array | string> {
  if (typeof encoded !== 'string') return 'no list'
  // No compressed list starts with the bits of a "u" itself.
  const text = encoded.startsWith('u') ? encoded.slice(1) : encoded
  const bare = text.replace(/={1,2}$/, '')
  const packed = decodeBase64url(bare)
  if (packed === undefined) return 'a list that is not base64url'
  const format = FORMATS.find(({ fits }) => fits(packed[0] ?? 0, packed[1] ?? 0))?.format
  return format === undefined ? 'a list that is neither gzip nor zlib' : decompress(packed, format)
}

/** The status at an index; `undefined` beyond the list. Zero is valid in either standard. */
export function statusAt({ bytes, bits, order }: StatusBits, index: number): number | undefined {
  const perByte = 8 / bits
  const byte = bytes[Math.floor(index / perByte)]
  if (byte === undefined) return undefined
  const place = index % perByte
  const shift = bits * (order === 'msb' ? perByte - 1 - place : place)
  return (byte >> shift) & ((1 << bits) - 1)
}

async function decompress(
  packed: Uint8Array<ArrayBuffer>,
  format: 'gzip' | 'deflate',
): Promise<Uint8Array | string> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream(format))
  const reader = stream.getReader() as ReadableStreamDefaultReader<Uint8Array>
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return join(chunks, size)
      size += value.byteLength
      if (size > MAX_LIST_BYTES) return tooLong(reader)
      chunks.push(value)
    }
  } catch {
    return `a list whose ${format} is broken`
  }
}

function tooLong(reader: ReadableStreamDefaultReader<Uint8Array>): string {
  void reader.cancel().catch(() => {})
  return `a list of more than ${MAX_LIST_BYTES} bytes`
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}
