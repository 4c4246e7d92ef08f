/*
 * Where the client certificate of a request is, as the application states it (RFC 8705). Option in,
 * a checked source out.
 */
import { enumerate, quote } from '../kit/display.js'
import { configurationError } from '../kit/errors.js'
import { fieldName, oneOf, readOptions, namedWithin, type OptionRows } from '../kit/option-rows.js'

/** Every form in which a text shows a certificate. */
export const CERTIFICATE_FORMATS = [
  'rfc9440',
  'escaped-pem',
  'pem-body',
  'der-base64',
  'xfcc',
  'sha256-hex',
] as const

/**
 * How a text shows a certificate: the byte sequence of RFC 9440, PEM with percent-escapes, PEM
 * without its first and last line, DER in base64, Envoy's `x-forwarded-client-cert`, or the SHA-256
 * of the DER in hexadecimal digits.
 */
export type CertificateFormat = (typeof CERTIFICATE_FORMATS)[number]

/** A proxy whose field has a fixed name and format. */
export type CertificatePreset = keyof typeof PRESETS

/** The field in which a proxy passes the client's certificate on. */
export interface CertificateField {
  /** Name of the field. The proxy must overwrite it on every request. Required. */
  readonly header: string
  /** How its text shows the certificate. Required. */
  readonly format: CertificateFormat
}

/** A certificate as a text, from a function of the application. */
export interface CertificateText {
  /** How the text shows the certificate. */
  readonly format: CertificateFormat
  readonly text: string
}

/**
 * Finds the client's certificate in the framework's own request. Returns it in DER, as a text with
 * its format, or `undefined` where the client showed none. What it throws refuses the request.
 */
export type CertificateFunction = (
  request: never,
) => Uint8Array | CertificateText | null | undefined

/** Where the client's certificate is. There is no default: a caller can invent any field. */
export type CertificateSource =
  'socket' | CertificatePreset | CertificateField | CertificateFunction

/** The option, checked: the names of proxies are resolved. */
export type CertificateSettings = 'socket' | CertificateField | CertificateFunction

/** Proxies whose field has a fixed name and format. */
export const PRESETS = {
  'aws-alb-passthrough': { header: 'x-amzn-mtls-clientcert', format: 'escaped-pem' },
  'aws-alb-verify': { header: 'x-amzn-mtls-clientcert-leaf', format: 'escaped-pem' },
  'azure-app-service': { header: 'x-arr-clientcert', format: 'der-base64' },
  cloudfront: { header: 'cloudfront-viewer-cert-sha256', format: 'sha256-hex' },
  envoy: { header: 'x-forwarded-client-cert', format: 'xfcc' },
  'ingress-nginx': { header: 'ssl-client-cert', format: 'escaped-pem' },
  rfc9440: { header: 'client-cert', format: 'rfc9440' },
  traefik: { header: 'x-forwarded-tls-client-cert', format: 'pem-body' },
} as const satisfies Readonly<Record<string, CertificateField>>

/** The rows of {@link CertificateField}. */
export const CERTIFICATE_ROWS = {
  header: {
    check: fieldName,
    defaultIs: 'required',
    says: 'name of the field; the proxy must overwrite it on every request',
  },
  format: {
    check: oneOf(...CERTIFICATE_FORMATS),
    defaultIs: 'required',
    says: 'how its text shows the certificate: `rfc9440`, `escaped-pem`, `pem-body`, `der-base64`, `xfcc`, `sha256-hex`',
  },
} as const satisfies OptionRows<CertificateField>

/**
 * Checks where certificates come from.
 *
 * @returns `undefined` where no certificate is looked for
 * @throws {GuardError} `invalid_configuration`
 */
export function certificateSettings(
  source: CertificateSource | undefined,
): CertificateSettings | undefined {
  if (source === undefined || source === 'socket' || typeof source === 'function') return source
  if (typeof source === 'string' && Object.hasOwn(PRESETS, source)) return PRESETS[source]
  if (typeof source === 'object' && source !== null) return fieldSettings(source)
  throw configurationError(
    `"certificate" as "socket", ${enumerate(Object.keys(PRESETS))}, { header, format } or a function`,
    quote(source),
    'name the field that your proxy overwrites on every request',
  )
}

function fieldSettings(field: CertificateField): CertificateField {
  const rows = namedWithin('certificate', CERTIFICATE_ROWS)
  const { header, format } = readOptions('options of "certificate"', field, rows)
  const missing = header === undefined ? 'header' : 'format'
  if (header !== undefined && format !== undefined)
    return Object.freeze({ header: header.toLowerCase(), format })
  throw configurationError(
    '"certificate" with "header" and "format"',
    `no "${missing}"`,
    'there is no default: a caller can invent any field that no proxy overwrites',
  )
}
