import { createServer } from 'node:http'
import type { CertificateFormat } from '@verifier-guard/core'
import { trust } from '../dpop/api.js'
import { describeWith } from '../programs.js'
import { createApi } from './api.js'
import { call } from './call.js'
import { bearerToken, bindTo, createIdentity, createSelfSigned, type Identity } from './clients.js'
import { sectionOf, startProxy } from './proxies.js'

const server = createIdentity('api')
const client = createIdentity('client')
const stranger = createIdentity('stranger')
const selfSigned = createSelfSigned()
const bound = bindTo(client.thumbprint)

/** A way to pass certificates on. */
interface Variant {
  readonly name: string
  readonly format: CertificateFormat
  /** How a text of that format shows a certificate. */
  readonly write: (of: Identity) => string
  /** What of the snippet is replaced, by what. */
  readonly replaced?: readonly [string, string]
}

const der = ({ certificate }: Identity) => certificate.raw.toString('base64')
const hex = ({ thumbprint }: Identity) => Buffer.from(thumbprint, 'base64url').toString('hex')
const variants: readonly Variant[] = [
  { name: 'nginx', format: 'escaped-pem', write: ({ cert }) => encodeURIComponent(cert) },
  { name: 'caddy', format: 'der-base64', write: der },
  {
    name: 'caddy',
    format: 'sha256-hex',
    write: hex,
    replaced: ['certificate_der_base64', 'fingerprint'],
  },
  { name: 'haproxy', format: 'der-base64', write: der },
  {
    name: 'haproxy',
    format: 'sha256-hex',
    write: hex,
    replaced: ['ssl_c_der,base64', 'ssl_c_der,sha2(256),hex'],
  },
]

describeWith('nginx', 'nginx, as the documents warn of it', (program) => {
  test('a location with a field of its own lets those of the caller pass', async () => {
    const { decide, listening, ends } = createApi({
      ...trust,
      certificate: { header: 'x-client-cert', format: 'escaped-pem' },
    })
    const line = /proxy_set_header X-Client-Cert .*;/
    const proxy = await startProxy(
      'nginx',
      program,
      await listening(createServer(decide)),
      server,
      (snippet) => {
        const [inherited] = line.exec(snippet)!
        const without = snippet.replace(line, 'proxy_set_header X-Other a;')
        return without.replace('location', `${inherited}\n  location`)
      },
    )
    const headers = { 'x-client-cert': encodeURIComponent(client.cert) }
    const stolen = await call({ port: proxy.port, token: bound, as: stranger, headers })
    await proxy.close()
    await Promise.all(ends.map((end) => end()))
    expect(stolen.text).toBe('accepted')
  })
})

test.each(variants)('the documents name the format: $name, $format', ({ name, format }) => {
  expect(sectionOf(name)).toMatch(new RegExp(`[\`']${format}[\`']`))
})

describe.each(variants)('$name, $format', ({ name, format, write, replaced }) => {
  describeWith(name, 'by the snippet of the documents', (program) => {
    const { decide, listening, ends } = createApi({
      ...trust,
      certificate: { header: 'x-client-cert', format },
      events: { denied: () => {} },
    })
    let port = 0
    beforeAll(async () => {
      const api = await listening(createServer(decide))
      const proxy = await startProxy(name, program, api, server, (snippet) =>
        replaced === undefined ? snippet : snippet.replace(...replaced),
      )
      ends.push(() => proxy.close())
      port = proxy.port
    })
    afterAll(() => Promise.all(ends.map((end) => end())))

    const none = expect.stringMatching(/^certificate_(missing|malformed)$/) as unknown
    test.each([
      ['its own client', bound, client, 'accepted'],
      ['another client', bound, stranger, 'certificate_mismatch'],
      ['a client without a certificate', bound, undefined, none],
      ['a certificate that signs itself', bindTo(selfSigned.thumbprint), selfSigned, 'accepted'],
      ['a bearer token without a certificate', bearerToken(), undefined, 'accepted'],
      ['a bearer token with one', bearerToken(), stranger, 'accepted'],
    ])('%s', async (_, token, as, text) => {
      const status = text === 'accepted' ? 200 : 401
      expect(await call({ port, token, as })).toMatchObject({ status, text })
    })

    test.each([
      ['x-client-cert', 1],
      ['X-CLIENT-CERT', 2],
      ['x_client_cert', 1],
    ])('a caller who sends %s gains nothing by it', async (field, times) => {
      const headers = { [field]: Array.from({ length: times }, () => write(client)) }
      for (const as of [stranger, undefined])
        expect(await call({ port, token: bound, as, headers })).toMatchObject({ status: 401 })
      expect(await call({ port, token: bound, as: client, headers })).toMatchObject({ status: 200 })
    })

    test.each(['TLSv1.2', 'TLSv1.3'] as const)(
      'a session of %s that goes on has the certificate it began with',
      async (version) => {
        const { session } = await call({ port, token: bound, as: client, version })
        const others = bindTo(stranger.thumbprint)
        for (const as of [client, undefined, stranger]) {
          const again = { port, version, session, as }
          expect(await call({ ...again, token: others })).toMatchObject({
            text: 'certificate_mismatch',
            isReused: true,
          })
          expect(await call({ ...again, token: bound })).toMatchObject({
            text: 'accepted',
            isReused: true,
          })
        }
      },
    )
  })
})
