import { createResourceServer, GuardError, type ResourceServerOptions } from '@verifier-guard/core'
import { auditTrail } from '@verifier-guard/core/audit'
import { describeOptions, explainToken } from '@verifier-guard/core/explain'
import * as express from '@verifier-guard/express'
import { protect } from '@verifier-guard/fetch'
import * as redis from '@verifier-guard/redis'
import { mint, trust } from '../dpop/api.js'

const server = createResourceServer(trust)
afterAll(() => server.close())

const request = { headers: { authorization: `Bearer ${mint()}` } }
const write = () => {}
const ioredis = { set: () => Promise.resolve('OK'), pttl: () => Promise.resolve(1) }
const nodeRedis = { set: () => Promise.resolve('OK'), pTTL: () => Promise.resolve(1) }

/** Every public function that takes options besides its first argument, or in its place. */
const calls: Readonly<Record<string, (options: never) => unknown>> = {
  'admit()': (options) => server.admit(request, options),
  'explainToken()': (options) => explainToken(mint(), trust, options),
  'describeOptions()': (options: object) => describeOptions({ ...trust, ...options }),
  'auditTrail()': (options: object) => auditTrail({ write, ...options }),
  'auth()': (options) => express.auth(trust, options),
  'protectUpgrade()': (options) => express.protectUpgrade(trust, write, options),
  'protect()': (options) => protect(() => new Response(), server, options),
  'requiredScopes()': (options) => express.requiredScopes(['a'], options),
  'requiredStatus()': (options) => express.requiredStatus(options),
  'requiredTenant()': (options) => express.requiredTenant(() => 'a', options),
  'ioredisStore()': (options) => redis.ioredisStore(ioredis, options),
  'nodeRedisStore()': (options) => redis.nodeRedisStore(nodeRedis, options),
}

const errorOf = async (call: () => unknown): Promise<unknown> => {
  try {
    await call()
    return undefined
  } catch (error) {
    return error
  }
}

describe.each(Object.entries(calls))('%s', (_, call) => {
  test('refuses an option that it does not know', async () => {
    const error = await errorOf(() => call({ requirment: 1 } as never))
    expect(error).toBeInstanceOf(GuardError)
    expect(error).toMatchObject({
      code: 'invalid_configuration',
      reason: { actual: '"requirment"', hint: 'check the spelling' },
    })
  })
})

test.each(['admit()', 'explainToken()', 'auth()', 'protect()', 'ioredisStore()'])(
  '%s refuses what is no object',
  async (name) => {
    for (const options of [null, 'optional'] as const)
      expect(await errorOf(() => calls[name]!(options as never))).toMatchObject({
        code: 'invalid_configuration',
      })
  },
)

test.each(['admit()', 'protect()', 'protectUpgrade()', 'explainToken()'])(
  '%s refuses a requirement that is stated without a value',
  async (name) => {
    expect(await errorOf(() => calls[name]!({ requirement: undefined } as never))).toMatchObject({
      code: 'invalid_configuration',
      reason: { expected: '"requirement" with a value, where it is stated' },
    })
  },
)

test('probes() refuses what is no resource server', () => {
  expect(() => express.probes({} as never)).toThrow(/a resource server for probes/)
})

test('whenExpired() refuses what is no function', () => {
  const caller = { expiresAt: 1 }
  expect(() => express.whenExpired(caller, undefined as never)).toThrow(/"callback" as a function/)
})

describe('an option of which the default is looser', () => {
  const dpop = (options: object) => ({
    ...trust,
    resource: 'https://api.example.org',
    dpop: options,
  })
  const unset = (name: string) => ({ ...trust, [name]: undefined })
  const own = (name: string) => ({
    audience: 'a',
    issuer: { issuer: 'https://a.example', [name]: undefined },
  })

  test.each<[string, object]>([
    ...['audience', 'clientIds', 'kinds', 'algorithms', 'profile', 'keys', 'maxTokenAge'].map(
      (name): [string, object] => [name, unset(name)],
    ),
    ...['audience', 'clientIds', 'kinds', 'algorithms', 'tenantPattern'].map(
      (name): [string, object] => [name, own(name)],
    ),
    ['dpop.mode', dpop({ mode: undefined })],
    ['dpop.nonce', dpop({ nonce: undefined })],
    ['dpop.replay.store', dpop({ replay: { store: undefined } })],
  ])('%s is refused where it is stated without a value', (name, options) => {
    expect(() => createResourceServer(options as ResourceServerOptions)).toThrow(
      `"${name}" with a value, where it is stated, found undefined: an unset environment variable, perhaps; leave it out for the default`,
    )
  })
})
