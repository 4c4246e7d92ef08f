/*
 * Finds the client certificate of a request: on its TLS connection, in the field of a proxy, or by
 * a function of the application. Request in, certificate out.
 */
import { Denial, type DenialReason } from '../kit/errors.js'
import type {
  CertificateField,
  CertificateFunction,
  CertificateSettings,
  CertificateText,
} from '../options/certificate.js'
import { fieldOf, type RequestLike } from '../presented/request.js'
import { FORMATS, isWhole, type CertificateBytes } from './certificate-formats.js'

/** A request, and what the framework has made of it. */
export interface Asking {
  readonly request: RequestLike
  readonly own: unknown
}

/** @throws {Denial} `certificate_missing`, `certificate_malformed` */
export type ReadCertificate = (asking: Asking) => CertificateBytes

/** Node's request, of HTTP/1.1 or HTTP/2, over TLS. */
interface TlsRequest extends RequestLike {
  readonly socket?: {
    readonly getPeerX509Certificate?: () => { readonly raw: unknown } | undefined
  }
}

/** Makes the way to the certificate of a request. */
export function certificateReader(source: CertificateSettings): ReadCertificate {
  if (source === 'socket') return ({ request }) => onSocket(request)
  if (typeof source === 'function') return ({ own }) => fromFunction(source, own)
  return ({ request }) => inField(request, source)
}

/** The handshake has shown that the client holds its key (RFC 8446 §4.4.3). */
function onSocket(request: TlsRequest): CertificateBytes {
  const found = guarded(NO_CONNECTION, () => bytesOf(certificateOn(request)))
  if (found === 'no connection')
    throw missing(
      'a request without a TLS connection of Node',
      'behind a proxy, name the field that it passes certificates in',
    )
  if (found === undefined)
    throw missing('none on the TLS connection', 'the server must ask for one: requestCert: true')
  if (found instanceof Uint8Array) return { der: found }
  throw malformed({ expected: EXPECTED, actual: 'something else', hint: NO_CONNECTION })
}

function certificateOn({ socket }: TlsRequest): unknown {
  if (typeof socket?.getPeerX509Certificate !== 'function') return 'no connection'
  return socket.getPeerX509Certificate()?.raw
}

/** What is no certificate refuses: some proxies send a text of their own in the place of none. */
function inField(request: RequestLike, { header, format }: CertificateField): CertificateBytes {
  const text = fieldOf(request, header)
  const expected = `the field "${header}" once, as ${FORMATS[format].is}`
  if (text === undefined || text === '')
    throw missing(`no field "${header}"`, 'the proxy must ask for one, and set the field')
  if (typeof text === 'object')
    throw malformed({
      expected,
      actual: 'several' in text ? `${text.several} fields` : 'another value',
      hint: 'the proxy must overwrite the field, and not add one',
    })
  return read(
    { format, text },
    { expected, hint: 'let the proxy overwrite the field on every request, in this format' },
  )
}

function fromFunction(find: CertificateFunction, own: unknown): CertificateBytes {
  const found = guarded(NO_UNDEFINED, () => readOut(find(own as never)))
  if (found === undefined || found === null)
    throw missing('none by the function "certificate"', 'the client must show one')
  const what = { expected: 'a certificate in DER, or { format, text }, by "certificate"' }
  if (isText(found)) return read(found, what)
  if (found instanceof Uint8Array && isWhole(found)) return { der: found }
  throw malformed({ ...what, actual: 'something else' })
}

/** What a function answered, each member read once: it may be a getter that throws. */
function readOut(found: unknown): unknown {
  if (typeof found !== 'object' || found === null || ArrayBuffer.isView(found))
    return bytesOf(found)
  const { format, text } = found as Partial<CertificateText>
  return { format, text }
}

/** Any view of bytes as the bytes themselves; anything else as it is. */
function bytesOf(found: unknown): unknown {
  if (!ArrayBuffer.isView(found)) return found
  return new Uint8Array(found.buffer, found.byteOffset, found.byteLength)
}

function isText(found: unknown): found is CertificateText {
  const { format, text } = Object(found) as { readonly format?: unknown; readonly text?: unknown }
  return typeof text === 'string' && typeof format === 'string' && Object.hasOwn(FORMATS, format)
}

/** The text is never shown: a certificate has names of persons in it. */
function read(
  { format, text }: CertificateText,
  what: Pick<DenialReason, 'expected' | 'hint'>,
): CertificateBytes {
  const shown = FORMATS[format].read(text)
  if (shown !== undefined) return shown
  throw malformed({ ...what, actual: `another text, of ${text.length} characters` })
}

const EXPECTED = 'a certificate, or undefined for none'
const NO_UNDEFINED = 'the function "certificate" must return undefined where there is none'
const NO_CONNECTION =
  'the connection is not as Node has it: name a field in "certificate", or pass a function'

/**
 * Reads what others have made. Code that can't read what a caller sent is no fault of the server,
 * and what it throws is no answer.
 */
function guarded<T>(hint: string, find: () => T): T {
  try {
    return find()
  } catch (cause) {
    const actual = 'an error, which is the cause of this one'
    const reason = { check: 'certificate', expected: EXPECTED, actual, hint }
    throw new Denial('certificate_malformed', reason, { cause })
  }
}

function missing(actual: string, hint: string): Denial {
  const expected = 'the certificate that the token is bound to'
  return new Denial('certificate_missing', { check: 'certificate', expected, actual, hint })
}

function malformed(reason: Omit<DenialReason, 'check'>): Denial {
  return new Denial('certificate_malformed', { check: 'certificate', ...reason })
}
