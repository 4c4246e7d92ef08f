import { protect } from '@verifier-guard/fetch'
import { portably } from '../differential/portable.js'
import { createApi, RESOURCE, START } from './api.js'

const secrets = ['a-secret-that-all-instances-share-0001']
const demanding = (nonce: object = { secrets }) => createApi({ dpop: { nonce } })

describe('RFC 9449 §9: nonces', () => {
  test('a proof without one is refused with one challenge alone, and the nonce', async () => {
    const api = demanding()
    const refused = await api.send(api.proof())
    expect(refused).toMatchObject({ code: 'dpop_nonce_required', status: 401 })
    expect(refused.challenges).toEqual([
      'DPoP realm="api", error="use_dpop_nonce", error_description="The DPoP proof needs the nonce in this answer", algs="ES256 EdDSA Ed25519"',
    ])
    expect(refused.error!.headers['Cache-Control']).toBe('no-store')
    // RFC 9449 §8.1: NQCHAR.
    expect(refused.nonce).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
    expect((await api.send(api.proof({ nonce: refused.nonce! }))).code).toBe('accepted')
    api.close()
  })

  test('no proof at all is answered with the nonce at once', async () => {
    const api = demanding()
    expect(await api.send(undefined)).toMatchObject({
      code: 'dpop_nonce_required',
      nonce: expect.any(String) as unknown,
    })
    api.close()
  })

  test('a proof that is bad in another way is told that, and no nonce', async () => {
    const api = demanding()
    const { nonce } = await api.send(undefined)
    const refused = await api.send(api.proof({ nonce: nonce!, method: 'POST' }))
    expect(refused).toMatchObject({ code: 'dpop_proof_invalid', nonce: undefined })
    api.close()
  })

  test.each([
    ['an invented one', 'abc'],
    ['one with another signature', `${Math.floor(START).toString(36)}.${'A'.repeat(22)}`],
    ['no text', 1],
    ['an empty one', ''],
    ['a list', ['abc']],
  ])('%s is answered with one of ours', async (_, nonce) => {
    const api = demanding()
    const refused = await api.send(api.proof({ claims: { nonce } }))
    expect(refused).toMatchObject({ code: 'dpop_nonce_required', status: 401 })
    expect((await api.send(api.proof({ nonce: refused.nonce! }))).code).toBe('accepted')
    api.close()
  })

  test('the clock of the client does not matter: the nonce has its time', async () => {
    const api = demanding()
    const { nonce } = await api.send(undefined)
    const at = START - 86_400
    expect((await api.send(api.proof({ nonce: nonce!, at }))).code).toBe('accepted')
    api.close()
  })

  test('§8.2: a new one comes with a good answer once half the life is over, so that none is lost', async () => {
    const api = demanding()
    let { nonce } = await api.send(undefined)
    let renewed = 0
    for (let time = 0; time < 40; time += 1) {
      api.pass(60)
      const outcome = await api.send(api.proof({ nonce: nonce! }))
      expect(outcome.code).toBe('accepted')
      if (outcome.nonce === undefined) continue
      renewed += 1
      expect(outcome.admission!.headers['Cache-Control']).toBe('no-store')
      nonce = outcome.nonce
    }
    expect(renewed).toBe(13)
    api.close()
  })

  test('one of another server, in the answer of a handler that asked it, gives way to ours', async () => {
    const api = demanding()
    const { nonce } = await api.send(undefined)
    api.pass(180)
    const upstream = () => new Response('in', { headers: { 'DPoP-Nonce': 'of-upstream' } })
    const headers = {
      authorization: `DPoP ${api.token}`,
      dpop: api.proof({ nonce: nonce! }),
    }
    const answer = await protect(
      upstream,
      api.resourceServer,
    )(new Request(`${RESOURCE}/orders`, { headers }))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('DPoP-Nonce')).toMatch(/^(?!.*upstream)./)
    api.close()
  })

  test('one that is too old is answered with a new one', async () => {
    const api = demanding({ secrets, lifetime: 20 })
    const { nonce } = await api.send(undefined)
    api.pass(21)
    expect((await api.send(api.proof({ nonce: nonce! }))).code).toBe('dpop_nonce_required')
    api.close()
  })

  test('§11.1: one nonce serves many proofs, and each proof passes once, for all its life', async () => {
    const api = demanding()
    const { nonce } = await api.send(undefined)
    const proof = api.proof({ nonce: nonce! })
    expect((await api.send(proof)).code).toBe('accepted')
    for (const seconds of [0, 100, 199]) {
      api.pass(seconds)
      expect((await api.send(proof)).code).toBe('dpop_proof_replayed')
    }
    expect((await api.send(api.proof({ nonce: nonce! }))).code).toBe('accepted')
    api.close()
  })
})

describe('in a fleet', () => {
  test("instances with the same secrets accept each other's nonces", async () => {
    const [one, other] = [demanding(), demanding()]
    const { nonce } = await one.send(undefined)
    expect((await other.send(other.proof({ nonce: nonce! }))).code).toBe('accepted')
    for (const api of [one, other]) api.close()
  })

  test('a secret that is rotated in two steps loses no nonce', async () => {
    const [old, fresh] = ['old-secret-'.padEnd(32, '0'), 'new-secret-'.padEnd(32, '1')]
    const steps = [[old], [old, fresh], [fresh, old], [fresh]]
    for (const [index, before] of steps.slice(0, -1).entries()) {
      const [one, next] = [demanding({ secrets: before }), demanding({ secrets: steps[index + 1] })]
      const { nonce: early } = await one.send(undefined)
      const { nonce: late } = await next.send(undefined)
      // The last step is taken when no nonce by the old secret is left.
      if (index < 2) expect((await next.send(next.proof({ nonce: early! }))).code).toBe('accepted')
      if (index > 0) expect((await one.send(one.proof({ nonce: late! }))).code).toBe('accepted')
      for (const api of [one, next]) api.close()
    }
  })

  test('without secrets, each process has its own, and says so at start', async () => {
    const [one, other] = [demanding({}), demanding({})]
    expect(one.warnings).toEqual([expect.stringMatching(/instances refuse each other's nonces/)])
    const { nonce } = await one.send(undefined)
    expect((await one.send(one.proof({ nonce: nonce! }))).code).toBe('accepted')
    expect((await other.send(other.proof({ nonce: nonce! }))).code).toBe('dpop_nonce_required')
    expect(demanding().warnings).toEqual([])
    for (const api of [one, other]) api.close()
  })
})

test('WebCrypto makes the same nonces as Node', async () => {
  const { createNonces } = await import('../../packages/core/src/proof/nonces.js')
  const there = await portably(() => import('../../packages/core/src/proof/nonces.js'))
  const world = { now: () => START * 1_000, randomBytes: () => new Uint8Array(32) }
  const options = { secrets: undefined, lifetime: 300 }
  const nonce = await createNonces(options, world).make()
  expect(await there.createNonces(options, world).make()).toBe(nonce)
  expect(await there.createNonces(options, world).timeOf(nonce)).toBe(START)
})
