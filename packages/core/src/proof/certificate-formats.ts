/*
 * The forms in which proxies write a client certificate into a field. Text in, the bytes that it
 * stands for out. Checks no chain and no date: the hash alone binds (RFC 8705 §6.2).
 */
import { decodeBase64 } from '../kit/base64url.js'
import type { CertificateFormat } from '../options/certificate.js'

/** A whole certificate, or nothing but its hash. */
export type CertificateBytes = { readonly der: Uint8Array } | { readonly sha256: Uint8Array }

/** One form of text. */
interface Format {
  /** What the text has to be, for the operator. */
  readonly is: string
  /** @returns `undefined` for any other text */
  readonly read: (text: string) => CertificateBytes | undefined
}

// RFC 7468 §3. Apache httpd has spaces in the place of line ends. Of a chain, the first is the
// client's (RFC 8446 §4.4.2). A comma joins two fields (RFC 9110 §5.3), which show nothing.
const PEM =
  /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----[A-Za-z0-9+/=\s-]*$/
// key "=" value, by ";". The rest of an element is another one's: see `hashOfElement`.
const PAIR = /([a-z]+)=(?:"(?:[^"\\]|\\.)*"|([^",;]*))(?:;|$)/iy
const SHA256 = /^[0-9a-f]{64}$/i
const SEQUENCE = 0x30
const INDEFINITE = 0x80

/** Every form. */
export const FORMATS: Readonly<Record<CertificateFormat, Format>> = {
  rfc9440: {
    is: 'base64 between two colons (RFC 9440 §2.1)',
    read: (text) => derOf(/^:([^:]*):$/.exec(text)?.[1]),
  },
  'escaped-pem': {
    is: 'a certificate in PEM with percent-escapes',
    read: (text) => derOf(PEM.exec(unescaped(text))?.[1]?.replace(/\s/g, '')),
  },
  'pem-body': {
    is: 'the lines of a certificate in PEM, joined, without the first and the last',
    read: (text) => derOf(unescaped(firstCertificate(text))),
  },
  'der-base64': {
    is: 'a certificate in DER, in base64',
    read: derOf,
  },
  xfcc: {
    is: 'one element with one "Hash", as SANITIZE_SET makes it',
    read: (text) => hashOf(hashOfElement(text)),
  },
  'sha256-hex': {
    is: 'a SHA-256 as 64 hexadecimal digits',
    read: hashOf,
  },
}

/** Whether bytes are one sequence in DER and nothing more (X.690 §10.1): not one cut short. */
export function isWhole(der: Uint8Array): boolean {
  const [tag, first = 0] = der
  const size = first < 0x80 ? 0 : first & 0x7f
  if (tag !== SEQUENCE || first === INDEFINITE || size > 3) return false
  const digits = der.subarray(2, 2 + size)
  const length = size === 0 ? first : digits.reduce((sum, digit) => sum * 256 + digit, 0)
  return der.length === 2 + size + length
}

function derOf(base64: string | undefined): CertificateBytes | undefined {
  const der = decodeBase64(base64 ?? '')
  return der !== undefined && isWhole(der) ? { der } : undefined
}

function hashOf(hex: string | undefined): CertificateBytes | undefined {
  if (hex === undefined || !SHA256.test(hex)) return undefined
  const digits = hex.match(/../g) ?? []
  return { sha256: Uint8Array.from(digits, (two) => Number.parseInt(two, 16)) }
}

/** A plus sign stays: it is a digit of base64, which AWS does not escape. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

/**
 * Traefik separates the certificates of a chain by a comma alone. One with white space after it
 * joins two fields (RFC 9110 §5.3), which show nothing.
 */
function firstCertificate(text: string): string {
  return /,\s/.test(text) ? '' : text.split(',', 1)[0]!
}

/**
 * The hash of the only element. Several are refused, also where the last is our proxy's: Envoy does
 * not quote the names in a certificate, so that a client can write a comma and an element of its
 * own into them.
 */
function hashOfElement(text: string): string | undefined {
  const hashes: (string | undefined)[] = []
  PAIR.lastIndex = 0
  while (PAIR.lastIndex < text.length) {
    const [, name, value] = PAIR.exec(text) ?? []
    if (name === undefined) return undefined
    if (name.toLowerCase() === 'hash') hashes.push(value)
  }
  return hashes.length === 1 ? hashes[0] : undefined
}
