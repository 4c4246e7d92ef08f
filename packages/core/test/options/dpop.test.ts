import type { ReplayStore } from '../../src/options/dpop.js'
import { resolveOptions } from '../../src/options/resolve.js'
import { systemRuntime } from '../../src/kit/runtime.js'
import { invalid } from '../fixtures/callers.js'

const resource = 'https://orders.example.org'
const secret = 'hunter2-hunter2'
const trust = {
  issuer: 'https://as.example.org',
  audience: 'orders',
  runtime: { ...systemRuntime, warn: () => {} },
}
const resolve = (more: object) => resolveOptions({ ...trust, ...more })

describe('a wrong option does not start', () => {
  test.each<[string, object, RegExp]>([
    ['a number for "resource"', { resource: 1 }, /"resource" as the public https URL.*found 1/],
    ['null for "resource"', { resource: null }, /found null/],
    ['no URLs', { resource: [] }, /"resource", found an empty list/],
    ['a name for a URL', { resource: 'orders.example.org' }, /not a URL/],
    ['plain http', { resource: 'http://orders.example.org' }, /not https/],
    ['a query', { resource: `${resource}?a` }, /with a query or a fragment/],
    ['a fragment', { resource: [resource, `${resource}#a`] }, /with a query or a fragment/],
    ['a password', { resource: 'https://a:b@orders.example.org' }, /credentials in it/],
    ['white space', { resource: ` ${resource}` }, /characters that no URL has/],
    ['"dpop" without "resource"', { dpop: {} }, /"resource" beside "dpop", found none/],
    ['required without "resource"', { dpop: { mode: 'required' } }, /"resource" beside "dpop"/],
    ['another mode', { resource, dpop: { mode: 'optional' } }, /"dpop.mode" as "allowed" or/],
    ['true', { resource, dpop: true }, /"dpop" as an object, found true/],
    ['another name', { resource, dpop: { maxage: 1 } }, /options of "dpop" among .*"maxage"/],
    ['no algorithms', { resource, dpop: { algorithms: [] } }, /"dpop.algorithms" as a list/],
    ['RS256', { resource, dpop: { algorithms: ['RS256'] } }, /found \["RS256"\]/],
    ['none', { resource, dpop: { algorithms: ['none'] } }, /found \["none"\]/],
    ['milliseconds', { resource, dpop: { maxAge: 60_000 } }, /counts seconds, not milliseconds/],
    ['no life', { resource, dpop: { nonce: { lifetime: 0 } } }, /"dpop.nonce.lifetime"/],
    ['nonces by true', { resource, dpop: { nonce: true } }, /"dpop.nonce" as an object/],
    ['no secrets', { resource, dpop: { nonce: { secrets: [] } } }, /found an empty list/],
    ['a short secret', { resource, dpop: { nonce: { secrets: [secret] } } }, /32 characters/],
    ['a secret alone', { resource, dpop: { nonce: { secrets: secret } } }, /a list of texts/],
    ['no store', { resource, dpop: { replay: { store: {} } } }, /with a function "add"/],
    ['no room', { resource, dpop: { replay: { maxEntries: 0 } } }, /"dpop.replay.maxEntries"/],
    ['a long wait', { resource, dpop: { replay: { timeout: 500 } } }, /"dpop.replay.timeout"/],
    [
      'open for ever',
      { resource, dpop: { replay: { unavailable: 'open' } } },
      /"dpop.replay.unavailable.openFor" as a number/,
    ],
  ])('%s', (_, more, message) => {
    const error = invalid(() => resolve(more))
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain(secret)
  })
})

describe('what is stated', () => {
  test('without "resource", no proof is checked', () => {
    expect(resolve({})).toMatchObject({ resources: [], dpop: undefined })
    expect(resolve({ dpop: { mode: 'disabled' } }).dpop).toBeUndefined()
    expect(resolve({ resource, dpop: { mode: 'disabled' } }).dpop).toBeUndefined()
  })

  test('with it, proofs are allowed, and the rest has its defaults', () => {
    const { resources, dpop } = resolve({ resource })
    expect(resources).toEqual([{ origin: resource, prefix: '' }])
    expect([...dpop!.algorithms.keys()]).toEqual(['ES256', 'EdDSA', 'Ed25519'])
    expect(dpop).toMatchObject({ isRequired: false, maxAge: 60, nonce: undefined })
    expect(dpop!.replay).toEqual({
      store: undefined,
      maxEntries: 100_000,
      timeout: 200,
      openFor: 0,
    })
  })

  test('several addresses, with their paths, and plain http on this machine', () => {
    const stated = ['https://API.example:443/shop/', 'http://127.0.0.1:3000']
    expect(resolve({ resource: stated }).resources).toEqual([
      { origin: 'https://api.example', prefix: '/shop' },
      { origin: 'http://127.0.0.1:3000', prefix: '' },
    ])
  })

  test('a store, and how long it is done without', () => {
    const store: ReplayStore = { add: () => 'added' }
    const { replay } = resolve({
      resource,
      dpop: { replay: { store, timeout: 1, unavailable: { openFor: 60 } } },
    }).dpop!
    expect(replay).toMatchObject({ store, timeout: 1_000, openFor: 60_000 })
  })
})
