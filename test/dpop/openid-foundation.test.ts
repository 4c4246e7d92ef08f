/*
 * The cases of the OpenID Foundation's FAPI 2.0 test of DPoP at a resource server, by their names:
 * a good call, then the bad one, then a good call again.
 */
import { randomUUID } from 'node:crypto'
import { createSigner } from '../differential/signer.js'
import { createApi, RESOURCE, START, type Api, type Outcome } from './api.js'
import { createHolder, hash } from './holder.js'

let api: Api
beforeEach(async () => {
  api = createApi()
  expect((await api.send(api.proof())).code).toBe('accepted')
})
afterEach(async () => {
  expect((await api.send(api.proof())).code).toBe('accepted')
  api.close()
})

const ORDERS = `${RESOURCE}/orders`
const without = (part: 'header' | 'claims', name: string) => () =>
  api.send(api.proof({ [part]: { [name]: undefined } }))

/** A proof as RFC 9449 has it, but signed by RS256. */
function byRs256(): string {
  const { jwk, token: sign } = createSigner('RS256')
  const claims = { jti: randomUUID(), htm: 'GET', htu: ORDERS, iat: START, ath: hash(api.token) }
  const header = { typ: 'dpop+jwt', alg: 'RS256', jwk }
  return sign(JSON.stringify(header), JSON.stringify(claims))
}

const refused: readonly (readonly [name: string, ask: () => Promise<Outcome>])[] = [
  ['multiple DPoP proofs', () => api.send([api.proof(), api.proof()])],
  ['a DPoP proof that is not a JWT', () => api.send('not-a-jwt')],
  ['missing typ', without('header', 'typ')],
  ['missing alg', without('header', 'alg')],
  ['missing jwk', without('header', 'jwk')],
  ['missing jti', without('claims', 'jti')],
  ['missing htm', without('claims', 'htm')],
  ['missing htu', without('claims', 'htu')],
  ['missing iat', without('claims', 'iat')],
  ['missing ath', without('claims', 'ath')],
  ['invalid typ', () => api.send(api.proof({ header: { typ: 'dpop' } }))],
  ['RS256 algorithm', () => api.send(byRs256())],
  [
    'alg none',
    () => {
      const [, payload] = api.proof().split('.')
      const header = JSON.stringify({ typ: 'dpop+jwt', alg: 'none', jwk: api.holder.jwk })
      return api.send(`${Buffer.from(header).toString('base64url')}.${payload}.`)
    },
  ],
  [
    'invalid signature',
    () => {
      const [header, payload] = api.proof().split('.')
      const [, , signature] = api.proof().split('.')
      return api.send(`${header}.${payload}.${signature}`)
    },
  ],
  ['private key in jwk', () => api.send(api.proof({ header: { jwk: api.holder.privateJwk } }))],
  ['invalid htm', () => api.send(api.proof({ claims: { htm: 'PUT' } }))],
  ['invalid htu', () => api.send(api.proof({ url: `${ORDERS}/other` }))],
  ['iat an hour before', () => api.send(api.proof({ at: START - 3_600 }))],
  ['iat an hour after', () => api.send(api.proof({ at: START + 3_600 }))],
  ['invalid ath', () => api.send(api.proof({ claims: { ath: hash('other') } }))],
  [
    'a proof by a different key',
    () => api.send(createHolder().proof({ url: ORDERS, token: api.token, at: START })),
  ],
  ['no DPoP proof', () => api.send(undefined)],
  [
    'no DPoP proof, Bearer scheme',
    () =>
      api.ask({ method: 'GET', url: '/orders', headers: { authorization: `Bearer ${api.token}` } }),
  ],
  [
    'reuse of jti',
    async () => {
      const proof = api.proof()
      await api.send(proof)
      return api.send(proof)
    },
  ],
]

const accepted: readonly (readonly [name: string, ask: () => Promise<Outcome>])[] = [
  ['htu with query and fragment', () => api.send(api.proof({ url: `${ORDERS}?a=b#c` }))],
  ['htu without the query of the request', () => api.send(api.proof(), { url: '/orders?a=b' })],
  [
    'unknown members in header and payload',
    () => api.send(api.proof({ header: { other: { a: 1 } }, claims: { other: ['a'] } })),
  ],
  [
    'field name in capitals',
    () =>
      api.ask({
        method: 'GET',
        url: '/orders',
        headers: { authorization: `DPoP ${api.token}`, DPOP: api.proof() },
      }),
  ],
  [
    'host and scheme in capitals',
    () => api.send(api.proof({ url: ORDERS.replace(RESOURCE, RESOURCE.toUpperCase()) })),
  ],
  ['explicit default port', () => api.send(api.proof({ url: `${RESOURCE}:443/orders` }))],
]

test.each(refused)('%s is refused with 401 and a challenge', async (_, ask) => {
  const { status, challenges } = await ask()
  expect(status).toBe(401)
  expect(challenges.some((challenge) => /^DPoP .*error=|^Bearer .*error=/.test(challenge))).toBe(
    true,
  )
})

test.each(accepted)('%s is accepted', async (_, ask) => {
  expect((await ask()).code).toBe('accepted')
})
