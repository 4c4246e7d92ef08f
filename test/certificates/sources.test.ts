import { requiredBinding, type CertificateFormat, type RequestLike } from '@verifier-guard/core'
import {
  hex,
  pem,
  RFC8705,
  RFC9440,
} from '../../packages/core/test/fixtures/client-certificates.js'
import { createApi, mint } from '../dpop/api.js'
import { createHolder } from '../dpop/holder.js'

const FIELD = 'x-client-cert'
const { der, thumbprint } = RFC8705
const bytes = Buffer.from(der, 'base64')
const token = mint({ cnf: { 'x5t#S256': thumbprint } })

type Fields = Readonly<Record<string, string | readonly string[]>>

const bearing = (fields: Fields = {}, own = token): RequestLike => ({
  method: 'GET',
  url: '/orders',
  headers: { authorization: `Bearer ${own}`, ...fields },
})

/** What becomes of one request, where certificates come from this source. */
async function ask(certificate: unknown, request: RequestLike = bearing()) {
  const api = createApi({ certificate } as object)
  const outcome = await api.ask(request)
  api.close()
  return outcome
}

const inField = (format: CertificateFormat) => ({ header: 'X-Client-Cert', format })

describe('a field', () => {
  test.each<[CertificateFormat, (of: { der: string; thumbprint: string }) => string]>([
    ['rfc9440', (of) => `:${of.der}:`],
    ['escaped-pem', (of) => encodeURIComponent(pem(of.der))],
    ['pem-body', (of) => of.der],
    ['der-base64', (of) => of.der],
    ['xfcc', (of) => `Hash=${hex(of.thumbprint)}`],
    ['sha256-hex', (of) => hex(of.thumbprint)],
  ])('%s: the right certificate, another one, none, two, and a text', async (format, write) => {
    const asked = (fields?: Fields) => ask(inField(format), bearing(fields))
    const good = write(RFC8705)
    expect(await asked({ [FIELD]: good })).toMatchObject({ code: 'accepted' })
    expect((await asked({ [FIELD]: write(RFC9440) })).code).toBe('certificate_mismatch')
    expect((await asked()).code).toBe('certificate_missing')
    expect((await asked({ [FIELD]: '' })).code).toBe('certificate_missing')
    expect((await asked({ [FIELD]: [good, good] })).code).toBe('certificate_malformed')
    expect((await asked({ [FIELD]: good, 'X-Client-Cert': good })).code).toBe(
      'certificate_malformed',
    )
    expect((await asked({ [FIELD]: 'none' })).code).toBe('certificate_malformed')
    const headers = new Headers({ authorization: `Bearer ${token}` })
    headers.append(FIELD, good)
    expect((await ask(inField(format), { headers })).code).toBe('accepted')
    headers.append(FIELD, good)
    expect((await ask(inField(format), { headers })).code).toBe('certificate_malformed')
  })

  test.each([
    ['aws-alb-passthrough', 'X-Amzn-Mtls-Clientcert', encodeURIComponent(pem(der))],
    ['aws-alb-verify', 'X-Amzn-Mtls-Clientcert-Leaf', encodeURIComponent(pem(der))],
    ['azure-app-service', 'X-ARR-ClientCert', der],
    ['cloudfront', 'CloudFront-Viewer-Cert-Sha256', hex(thumbprint)],
    ['envoy', 'X-Forwarded-Client-Cert', `By=spiffe://a;Hash=${hex(thumbprint)}`],
    ['ingress-nginx', 'Ssl-Client-Cert', encodeURIComponent(pem(der))],
    ['rfc9440', 'Client-Cert', `:${der}:`],
    ['traefik', 'X-Forwarded-Tls-Client-Cert', der],
  ])('%s has its own name and format', async (preset, name, text) => {
    expect((await ask(preset, bearing({ [name]: text }))).code).toBe('accepted')
    expect((await ask(preset, bearing({ [FIELD]: text }))).code).toBe('certificate_missing')
  })
})

describe('a function', () => {
  test.each<[string, unknown, string]>([
    ['DER', bytes, 'accepted'],
    ['DER as any view', new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 'accepted'],
    ['PEM', { format: 'escaped-pem', text: pem(der) }, 'accepted'],
    ['a hash', { format: 'sha256-hex', text: hex(thumbprint) }, 'accepted'],
    ['another certificate', Buffer.from(RFC9440.der, 'base64'), 'certificate_mismatch'],
    ['undefined', undefined, 'certificate_missing'],
    ['null', null, 'certificate_missing'],
    ['an empty text', { format: 'sha256-hex', text: '' }, 'certificate_malformed'],
    ['no bytes', new Uint8Array(), 'certificate_malformed'],
    ['a text without its format', pem(der), 'certificate_malformed'],
    ['an unknown format', { format: 'toString', text: der }, 'certificate_malformed'],
    ['a promise', Promise.resolve(bytes), 'certificate_malformed'],
  ])('that returns %s: %s', async (_, found, code) => {
    expect((await ask(() => found)).code).toBe(code)
  })

  test('that throws refuses the request, and the cause is for the operator', async () => {
    const cause = new Error('not PEM')
    const find = () => {
      throw cause
    }
    const { code, status, error } = await ask(find)
    expect({ code, status, cause: error!.cause }).toEqual({
      code: 'certificate_malformed',
      status: 401,
      cause,
    })
  })

  const throws = () => {
    throw new RangeError('a getter')
  }
  test.each<[string, object]>([
    ['format', Object.defineProperty({ text: der }, 'format', { get: throws })],
    ['text', Object.defineProperty({ format: 'der-base64' }, 'text', { get: throws })],
    ['a format that is no text', { format: { toString: throws }, text: der }],
  ])('whose answer throws when it is read refuses the request: %s', async (_, found) => {
    expect(await ask(() => found)).toMatchObject({ code: 'certificate_malformed', status: 401 })
  })

  test('gets the request that is decided on', async () => {
    const request = { ...bearing(), event: { certificate: bytes } }
    expect((await ask((own: typeof request) => own.event.certificate, request)).code).toBe(
      'accepted',
    )
  })
})

describe('a socket', () => {
  const throws = () => {
    throw new RangeError('a socket')
  }
  const certificate = { getPeerX509Certificate: () => ({ raw: bytes }) }
  const socketOf = (name: string, get: () => unknown) => Object.defineProperty({}, name, { get })

  test.each<[string, object, string]>([
    ['with the certificate', { socket: certificate }, 'accepted'],
    ['without a request for one', { socket: {} }, 'certificate_missing'],
    ['none', {}, 'certificate_missing'],
    ['that throws', { socket: { getPeerX509Certificate: throws } }, 'certificate_malformed'],
    [
      'whose function is a getter that throws',
      { socket: socketOf('getPeerX509Certificate', throws) },
      'certificate_malformed',
    ],
    ['that is a getter that throws', socketOf('socket', throws), 'certificate_malformed'],
    [
      'whose certificate throws',
      { socket: { getPeerX509Certificate: () => socketOf('raw', throws) } },
      'certificate_malformed',
    ],
    [
      'whose certificate is no bytes',
      { socket: { getPeerX509Certificate: () => ({ raw: der }) } },
      'certificate_malformed',
    ],
  ])('%s', async (_, more, code) => {
    const getters = Object.getOwnPropertyDescriptors(more)
    const request = Object.defineProperties<RequestLike>({ ...bearing() }, getters)
    expect((await ask('socket', request)).code).toBe(code)
  })
})

describe('RFC 8705 §3: a token that is bound to a certificate', () => {
  const source = inField('der-base64')
  const refused = [
    [bearing(), 'certificate_missing'],
    [bearing({ [FIELD]: RFC9440.der }), 'certificate_mismatch'],
    [
      bearing({ [FIELD]: '{http.request.tls.client.certificate_der_base64}' }),
      'certificate_malformed',
    ],
  ] as const

  test.each(refused)('is refused with 401 and a challenge: %#', async (request, code) => {
    const { challenges, ...outcome } = await ask(source, request)
    expect(outcome).toMatchObject({ code, status: 401 })
    expect(challenges[0]).toMatch(/^Bearer realm="api", error="invalid_token"/)
  })

  test.each(refused)('neither the answer nor the event has its text: %#', async (request, code) => {
    const api = createApi({ certificate: source })
    const { error } = await api.ask(request)
    const [, event] = api.events.find(([name]) => name === 'denied')!
    expect(event).toMatchObject({ code, expected: expect.any(String) as unknown })
    const all = JSON.stringify([event, error, error!.headers, error!.reason])
    expect(all).not.toMatch(/MII|http\.request/)
    api.close()
  })

  test('is refused as DPoP, and where no source is configured', async () => {
    const headers = { authorization: `DPoP ${token}`, [FIELD]: der }
    expect((await ask(source, { headers })).code).toBe('token_not_bound')
    const { code, error } = await ask(undefined, bearing({ [FIELD]: der }))
    expect(code).toBe('token_bound')
    expect(error!.reason.hint).toMatch(/"certificate"/)
  })

  test('is refused alone, also after good requests', async () => {
    const api = createApi({ certificate: source })
    for (let time = 0; time < 3; time += 1)
      expect((await api.ask(bearing({ [FIELD]: der }))).code).toBe('accepted')
    const alone = api.resourceServer.verifyAccessToken(token)
    await expect(alone).rejects.toMatchObject({ code: 'token_bound' })
    api.close()
  })

  test('is asked for its certificate with every request, remembered or not', async () => {
    const api = createApi({ certificate: source })
    for (let time = 0; time < 3; time += 1) {
      expect((await api.ask(bearing({ [FIELD]: der }))).code).toBe('accepted')
      for (const [request, code] of refused) expect((await api.ask(request)).code).toBe(code)
    }
    api.close()
  })

  test('does not pass as anonymous where authentication is optional', async () => {
    const api = createApi({ certificate: source })
    for (const [request, code] of refused)
      await expect(api.resourceServer.admit(request, { optional: true })).rejects.toMatchObject({
        code,
      })
    api.close()
  })

  test('and to a DPoP key needs both; a missing certificate uses no proof up', async () => {
    const api = createApi({ certificate: source })
    const both = mint({ cnf: { 'x5t#S256': thumbprint, jkt: api.holder.jkt } })
    const dpop = api.proof({ token: both })
    const asked = (fields: Fields) =>
      api.ask({ ...bearing(), headers: { authorization: `DPoP ${both}`, ...fields } })
    expect((await asked({ dpop })).code).toBe('certificate_missing')
    expect((await asked({ [FIELD]: der })).code).toBe('dpop_proof_missing')
    const stranger = createHolder().proof({
      url: 'https://api.example.org/orders',
      token: both,
      at: api.now(),
    })
    expect((await asked({ dpop: stranger, [FIELD]: der })).code).toBe('dpop_key_mismatch')
    expect((await asked({ dpop, [FIELD]: der })).code).toBe('accepted')
    api.close()
  })
})

test('a bearer token passes whatever the field holds, and no source is asked', async () => {
  const bearer = mint()
  for (const text of ['', 'none', der, [der, der]] as const)
    expect((await ask(inField('der-base64'), bearing({ [FIELD]: text }, bearer))).code).toBe(
      'accepted',
    )
  const asked: unknown[] = []
  expect((await ask((own: unknown) => void asked.push(own), bearing({}, bearer))).code).toBe(
    'accepted',
  )
  expect(asked).toEqual([])
})

test('requiredBinding: a bound token passes, a bearer token is told to be one', async () => {
  const api = createApi({ certificate: inField('der-base64') })
  const required = (request: RequestLike, kind: 'certificate' | 'any' | 'dpop') =>
    api.resourceServer.authenticate(request, requiredBinding(kind))
  const bound = bearing({ [FIELD]: der })
  const caller = await required(bound, 'certificate')
  expect(caller.confirmation).toEqual({ x5tS256: thumbprint })
  expect(caller.scheme).toBe('Bearer')
  await required(bound, 'any')
  const unbound = { code: 'token_not_bound', status: 401 }
  await expect(required(bound, 'dpop')).rejects.toMatchObject(unbound)
  const bearer = bearing({ [FIELD]: der }, mint())
  await expect(required(bearer, 'certificate')).rejects.toMatchObject(unbound)
  await expect(required(bearing(), 'certificate')).rejects.toMatchObject({
    code: 'certificate_missing',
  })
  api.close()
})

test('the first text that is no certificate warns where nothing listens: the format is wrong', async () => {
  const api = createApi({ certificate: inField('der-base64'), events: {} })
  for (let time = 0; time < 3; time += 1) await api.ask(bearing({ [FIELD]: pem(der) }))
  expect(api.warnings).toEqual([expect.stringMatching(/"x-client-cert".*base64.*overwrite/)])
  api.close()
})
