/*
 * What the DPoP scenario of the Model Context Protocol's conformance suite asks of a server: tokens
 * of its own kind, malformed proofs answered 401 with a DPoP challenge, the nonce flow.
 */
import { createSigner } from '../differential/signer.js'
import { createResourceServer, GuardError, type RequestLike } from '@verifier-guard/core'
import { createHolder, hash } from './holder.js'

const ISSUER = 'http://127.0.0.1:9/as'
const SERVER = 'http://127.0.0.1:3000/mcp'
const signer = createSigner('ES256')
const holder = createHolder()

/** `typ: at+jwt` with neither `jti` nor `client_id`. */
function tokenFor(claims: object = {}): string {
  const iat = Math.floor(Date.now() / 1_000)
  const stated = { iss: ISSUER, aud: SERVER, sub: 'client', iat, exp: iat + 300 }
  const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k' }
  const bound = { ...stated, cnf: { jkt: holder.jkt }, ...claims }
  return signer.token(JSON.stringify(header), JSON.stringify(bound))
}

const options = {
  issuer: ISSUER,
  audience: SERVER,
  keys: { keys: [{ ...signer.jwk, kid: 'k' }] },
  resource: SERVER,
  events: { denied: () => {} },
} as const
const server = createResourceServer(options)
const demanding = createResourceServer({
  ...options,
  dpop: { nonce: { secrets: ['a-secret-that-all-instances-share-0001'] } },
})
afterAll(() => [server, demanding].forEach((one) => one.close()))

function request(token: string, dpop: string | undefined, scheme = 'DPoP'): RequestLike {
  const headers = { authorization: `${scheme} ${token}`, ...(dpop !== undefined && { dpop }) }
  return { method: 'POST', url: '/mcp', headers }
}

async function answerTo(asked: RequestLike, resourceServer = server) {
  try {
    await resourceServer.authenticate(asked)
    return { status: 200, challenges: '', nonce: undefined }
  } catch (error) {
    if (!(error instanceof GuardError)) throw error
    const { status, headers } = error
    const challenges = [headers['WWW-Authenticate'] ?? []].flat().join('\n')
    return { status, challenges, nonce: headers['DPoP-Nonce'] as string | undefined }
  }
}

const proofOf = (token: string, more: object = {}) =>
  holder.proof({ method: 'POST', url: SERVER, token, ...more })

test('its token passes under the profile "auto", with a good proof', async () => {
  const token = tokenFor()
  expect((await answerTo(request(token, proofOf(token)))).status).toBe(200)
})

const at = (seconds: number) => ({ at: Date.now() / 1_000 + seconds })
test.each<[string, (token: string) => string | undefined]>([
  ['no proof', () => undefined],
  ['an empty proof', () => ''],
  ['garbage', () => 'garbage'],
  ['a JWT of two parts', () => 'a.b'],
  ['typ JWT', (token) => proofOf(token, { header: { typ: 'JWT' } })],
  ['alg none', (token) => proofOf(token, { header: { alg: 'none' } })],
  ['alg HS256', (token) => proofOf(token, { header: { alg: 'HS256' } })],
  ['no jwk', (token) => proofOf(token, { header: { jwk: undefined } })],
  ['a private jwk', (token) => proofOf(token, { header: { jwk: holder.privateJwk } })],
  ['a malformed jwk', (token) => proofOf(token, { header: { jwk: { kty: 'EC' } } })],
  ['no jti', (token) => proofOf(token, { claims: { jti: undefined } })],
  ['no htm', (token) => proofOf(token, { claims: { htm: undefined } })],
  ['no htu', (token) => proofOf(token, { claims: { htu: undefined } })],
  ['no iat', (token) => proofOf(token, { claims: { iat: undefined } })],
  ['no ath', (token) => proofOf(token, { claims: { ath: undefined } })],
  ['another method', (token) => proofOf(token, { method: 'GET' })],
  ['another URL', (token) => proofOf(token, { url: 'http://127.0.0.1:3000/other' })],
  ['303 seconds old', (token) => proofOf(token, at(-303))],
  ['303 seconds ahead', (token) => proofOf(token, at(303))],
  ['another ath', (token) => proofOf(token, { claims: { ath: hash('a') } })],
  ['another key', (token) => createHolder().proof({ method: 'POST', url: SERVER, token })],
])('a proof with %s is 401 with a DPoP challenge', async (_, made) => {
  const token = tokenFor()
  const { status, challenges } = await answerTo(request(token, made(token)))
  expect(status).toBe(401)
  expect(challenges).toMatch(/^DPoP .*error="(invalid_dpop_proof|invalid_token)"/m)
})

test('a bound token as Bearer is 401', async () => {
  const token = tokenFor()
  const { status } = await answerTo(request(token, proofOf(token), 'Bearer'))
  expect(status).toBe(401)
})

test('a token for another audience is 401, with a good proof', async () => {
  const token = tokenFor({ aud: 'http://127.0.0.1:3000/other' })
  expect((await answerTo(request(token, proofOf(token)))).status).toBe(401)
})

test('the nonce flow: 401 with DPoP-Nonce, then a fresh proof with it passes', async () => {
  const token = tokenFor()
  const { status, challenges, nonce } = await answerTo(request(token, proofOf(token)), demanding)
  expect([status, challenges]).toEqual([401, expect.stringContaining('use_dpop_nonce')])
  const proof = proofOf(token, { nonce })
  expect((await answerTo(request(token, proof), demanding)).status).toBe(200)
})
