import { createHash } from 'node:crypto'
import { FORMATS } from '../../src/proof/certificate-formats.js'
import type { CertificateFormat } from '../../src/options/certificate.js'
import { hex, pem, RFC8705, RFC9440 } from '../fixtures/client-certificates.js'

const { der, thumbprint } = RFC8705
const PEM = pem(der)
const HASH = hex(thumbprint)
const OTHER = hex(RFC9440.thumbprint)

/** What AWS escapes: all but these three. */
const byAws = (text: string) =>
  encodeURIComponent(text).replace(/%2B|%2F|%3D/g, (escape) => decodeURIComponent(escape))

const base64 = (digits: string) => Buffer.from(digits, 'hex').toString('base64')
const toHex = (text: string) => Buffer.from(text, 'base64').toString('hex')

/** The thumbprint that a text stands for, or `undefined`. */
function thumbprintOf(format: CertificateFormat, text: string): string | undefined {
  const shown = FORMATS[format].read(text)
  if (shown === undefined) return undefined
  const hash = 'der' in shown ? createHash('sha256').update(shown.der).digest() : shown.sha256
  return Buffer.from(hash).toString('base64url')
}

test('RFC 9440 appendix A', () => {
  expect(thumbprintOf('rfc9440', `:${RFC9440.der}:`)).toBe(RFC9440.thumbprint)
})

describe('RFC 8705 appendix A in every form', () => {
  test.each<[string, CertificateFormat, string]>([
    ['a byte sequence', 'rfc9440', `:${der}:`],
    ['PEM, escaped as nginx does', 'escaped-pem', encodeURIComponent(PEM)],
    ['PEM, escaped as AWS does', 'escaped-pem', byAws(PEM)],
    [
      'PEM with spaces for line ends, as Apache httpd has it',
      'escaped-pem',
      PEM.replace(/\n/g, ' '),
    ],
    ['PEM with CRLF, from a function', 'escaped-pem', PEM.replace(/\n/g, '\r\n')],
    ['a chain in PEM', 'escaped-pem', encodeURIComponent(PEM + pem(RFC9440.der))],
    ['the body of PEM', 'pem-body', der],
    ['the body of PEM, escaped', 'pem-body', encodeURIComponent(der)],
    ['a chain of bodies', 'pem-body', `${der},${RFC9440.der}`],
    ['DER in base64', 'der-base64', der],
    ['DER in base64 without padding', 'der-base64', der.replace(/=+$/, '')],
    ['an element of Envoy', 'xfcc', `Hash=${HASH}`],
    [
      'an element with all that Envoy writes',
      'xfcc',
      `By=spiffe://a/api;Hash=${HASH};Cert="${encodeURIComponent(PEM)}";Subject="CN=a\\",b;c=d";URI=spiffe://a/client?b=c;DNS=a.example;DNS=b.example`,
    ],
    ['keys of Envoy in another case', 'xfcc', `by=a;HASH=${HASH}`],
    ['a hash', 'sha256-hex', HASH],
    ['a hash in capitals', 'sha256-hex', HASH.toUpperCase()],
  ])('%s', (_, format, text) => {
    expect(thumbprintOf(format, text)).toBe(thumbprint)
  })
})

describe('what is none shows nothing', () => {
  const cut = der.slice(0, 40)
  const placeholder = '{http.request.tls.client.certificate_der_base64}'
  test.each<[string, CertificateFormat, string]>([
    ['no colons', 'rfc9440', der],
    ['one colon', 'rfc9440', `:${der}`],
    ['two byte sequences', 'rfc9440', `:${der}:, :${der}:`],
    ['a parameter', 'rfc9440', `:${der}:;a=b`],
    ['an empty sequence', 'rfc9440', '::'],
    ['a text', 'escaped-pem', '(null)'],
    ['an escape that is none', 'escaped-pem', `${encodeURIComponent(PEM)}%zz`],
    ['an end without a beginning', 'escaped-pem', encodeURIComponent(PEM.slice(5))],
    [
      'another kind of PEM',
      'escaped-pem',
      encodeURIComponent(PEM.replaceAll('CERTIFICATE', 'KEY')),
    ],
    ['a text before it', 'escaped-pem', encodeURIComponent(`a\n${PEM}`)],
    ['a plus sign that became a space', 'escaped-pem', PEM.replace('+', ' ')],
    ['two fields, joined', 'pem-body', `${RFC9440.der}, ${der}`],
    ['the placeholder of Caddy', 'der-base64', placeholder],
    ['base64url', 'der-base64', der.replaceAll('+', '-').replaceAll('/', '_')],
    ['white space', 'der-base64', `${der.slice(0, 8)} ${der.slice(8)}`],
    ['a certificate cut short', 'der-base64', cut],
    ['a certificate and more', 'der-base64', base64(`${toHex(der)}00`)],
    ['bytes that are no sequence', 'der-base64', Buffer.from('certificate').toString('base64')],
    ['a sequence of indefinite length', 'der-base64', base64(`3080${'00'.repeat(128)}`)],
    ['a sequence of a length that no certificate has', 'der-base64', base64('308400000000')],
    ['nothing', 'der-base64', ''],
    ['an element without a hash', 'xfcc', 'By=a;Subject="CN=a"'],
    ['two hashes', 'xfcc', `Hash=${HASH};Hash=${HASH}`],
    [
      'two hashes, the second by a name in the certificate',
      'xfcc',
      `Hash=${OTHER};URI=a;Hash=${HASH}`,
    ],
    ['two elements', 'xfcc', `Hash=${OTHER},Hash=${HASH}`],
    ['an element by a name in the certificate', 'xfcc', `Hash=${OTHER};URI=a,Hash=${HASH}`],
    ['two fields, joined', 'xfcc', `Hash=${HASH}, Hash=${HASH}`],
    ['a quote that is left open', 'xfcc', `Hash=${HASH};Subject="CN=a`],
    ['a text after a quote', 'xfcc', `Hash=${HASH};Subject="CN=a"b`],
    ['a hash within quotes', 'xfcc', `Subject="Hash=${HASH}"`],
    ['a hash in base64url', 'xfcc', `Hash=${thumbprint}`],
    ['a hash with colons', 'sha256-hex', HASH.match(/../g)!.join(':')],
    ['a hash in base64url', 'sha256-hex', thumbprint],
    ['a hash cut short', 'sha256-hex', HASH.slice(2)],
    ['two hashes', 'sha256-hex', `${HASH}, ${HASH}`],
  ])('%s (%s)', (_, format, text) => {
    expect(thumbprintOf(format, text)).toBeUndefined()
  })
})

test('no text takes long to refuse', () => {
  const forms = Object.keys(FORMATS) as CertificateFormat[]
  const starts = ['', 'a="', 'a=', ':', '-----BEGIN CERTIFICATE-----']
  const repeated = ['-----BEGIN CERTIFICATE-----', 'a="', 'a=;', '\\"', ' ', '%20', 'A', ',', ':']
  const accepted = forms.flatMap((format) =>
    starts.flatMap((start) =>
      repeated.filter((text) => thumbprintOf(format, start + text.repeat(50_000)) !== undefined),
    ),
  )
  expect(accepted).toEqual([])
})
