import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { createDevVerifier, startDevVerifier } from '../src/index.js'
import { answerOf, postForm, requestToken, recordRefusals } from './support.js'

const MIB = 1024 * 1024
const profiles = ['eudistack-3.3', 'dome', 'fiware'] as const

describe.each(profiles)('a request to the token endpoint of %s', (profile) => {
  const { log, events } = recordRefusals()
  const verifier = createDevVerifier({ profile, events })
  const endpoint = verifier.issuer + (profile === 'fiware' ? '/token' : '/oidc/token')
  const post = (
    body: string | ReadableStream,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    verifier.fetch(endpoint, { method: 'POST', body, headers, duplex: 'half' })

  afterEach(() => void (log.length = 0))

  it('may have a body of one MiB, and no more', async () => {
    expect((await post('a'.repeat(MIB))).status).not.toBe(413)
    log.length = 0
    expect((await post('a'.repeat(MIB + 1))).status).toBe(413)
    expect(log).toEqual([expect.stringContaining('body-too-large')])
  })

  it('is refused by the length it announces, before any of it is read', async () => {
    let pulled = 0
    const body = new ReadableStream({ pull: () => void pulled++ }, { highWaterMark: 0 })
    expect((await post(body, { 'content-length': String(150 * MIB) })).status).toBe(413)
    expect(pulled).toBe(0)
  })

  it('is refused as soon as a body without a length has grown too long', async () => {
    let chunks = 0
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        chunks += 1
        controller.enqueue(new Uint8Array(MIB / 4))
      },
    })
    expect((await post(body)).status).toBe(413)
    expect(chunks).toBeLessThan(10)
  })
})

describe('a request that cannot be read', () => {
  it.each([
    ['a host with a space', { 'x-forwarded-host': 'kpmg example.com' }],
    ['a host with a path', { 'x-forwarded-host': 'kpmg.example.com/x' }],
    ['a host with a user', { 'x-forwarded-host': 'user@kpmg.example.com' }],
    ['a port that is none', { 'x-forwarded-host': 'kpmg.example.com:99999' }],
    ['brackets alone', { 'x-forwarded-host': '[' }],
    ['another scheme', { 'x-forwarded-proto': 'javascript' }],
  ])('is answered with 400 for %s in its forwarded headers', async (_, headers) => {
    const { log, events } = recordRefusals()
    const verifier = createDevVerifier({ issuerFromRequest: true, events })
    const discovery = await verifier.fetch(`${verifier.issuer}/.well-known/openid-configuration`, {
      headers,
    })
    expect(await answerOf(discovery)).toBe('400 invalid_request')
    const form = verifier.tokenRequest(verifier.issueMachineCredential())
    expect(await answerOf(await postForm(verifier, form, headers))).toBe('400 invalid_request')
    expect(log).toEqual(
      Array.from({ length: 2 }, () => expect.stringContaining('malformed-request') as string),
    )
  })

  it('takes the first of several forwarded hosts, which is what the client asked for', async () => {
    const verifier = createDevVerifier({ issuerFromRequest: true })
    const headers = {
      'x-forwarded-host': 'kpmg.example.com, proxy.internal',
      'x-forwarded-proto': 'https, http',
    }
    const response = await verifier.fetch(`${verifier.issuer}/.well-known/openid-configuration`, {
      headers,
    })
    expect(await response.json()).toMatchObject({ issuer: 'https://kpmg.example.com/verifier' })
  })

  it.each([
    ['/verifier/oidc/did/%E0%A4%A', 500],
    ['/verifier/%E0%A4%A', 403],
    ['/verifier/oidc/did/%E0%A4%A/more', 403],
    ['/%E0%A4%A', 404],
    ['/%00', 404],
  ])('is answered at the path %s with %i', async (path, status) => {
    const verifier = createDevVerifier()
    expect((await verifier.fetch(new URL(verifier.issuer).origin + path)).status).toBe(status)
  })
})

it('goes on serving after a body that was too long', async () => {
  const verifier = await startDevVerifier()
  const { port, pathname } = new URL(verifier.issuer)
  const socket = connect(Number(port), '127.0.0.1')
  const head = `POST ${pathname}/oidc/token HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: close\r\n`
  socket.write(`${head}content-length: ${150 * MIB}\r\n\r\n`)
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 /)
  socket.destroy()
  expect((await requestToken(verifier, verifier.issueMachineCredential())).status).toBe(200)
  await verifier.close()
})
