import {
  createDevVerifier,
  type DevVerifierEvents,
  type DevVerifierOptions,
  type Listeners,
} from '../src/index.js'
import { EVENT_NAMES } from '../src/events.js'
import { printEvents } from '../src/command-line.js'
import { getJson, postForm, requestToken } from './support.js'

type Name = keyof DevVerifierEvents

/** Listeners for all events that write them down. */
function recorder() {
  const heard: [Name, DevVerifierEvents[Name]][] = []
  const events = Object.fromEntries(
    EVENT_NAMES.map((name) => [
      name,
      (event: DevVerifierEvents[Name]) => heard.push([name, event]),
    ]),
  ) as Listeners
  return { heard, events }
}

function record(options: DevVerifierOptions = {}) {
  const { heard, events } = recorder()
  const verifier = createDevVerifier({ ...options, events })
  return { heard, verifier, machine: verifier.issueMachineCredential() }
}

describe('the event', () => {
  test('tokenIssued tells whose token it is, and for how long', async () => {
    const { heard, verifier, machine } = record({ tenant: 'dome' })
    await requestToken(verifier, machine)
    expect(heard).toEqual([
      ['tokenIssued', { clientId: machine.did, tenant: 'dome', expiresIn: 899 }],
    ])
  })

  test('tokenRefused tells the cause that the answer hides', async () => {
    const { heard, verifier, machine } = record()
    machine.revoke()
    await requestToken(verifier, machine)
    expect(heard).toEqual([
      [
        'tokenRefused',
        {
          endpoint: 'token',
          check: 'credential-revoked',
          status: 400,
          error: 'invalid_grant',
          cause: 'the credential has been revoked',
          clientId: machine.did,
        },
      ],
    ])
  })

  test('tokenRefused names the service of a fiware Verifier', async () => {
    const { heard, verifier } = record({ profile: 'fiware', clients: [{ clientId: 'orders' }] })
    await verifier.fetch(`${verifier.issuer}/services/orders/token`, { method: 'POST' })
    expect(heard).toEqual([
      [
        'tokenRefused',
        expect.objectContaining({ check: 'missing-grant-type', clientId: 'orders' }),
      ],
    ])
  })

  test('requestRefused tells of every other endpoint', async () => {
    const { heard, verifier } = record({ rateLimit: { token: 1, others: 0 } })
    await verifier.fetch(`${verifier.issuer}/oidc/jwks`)
    expect(heard).toEqual([
      [
        'requestRefused',
        {
          endpoint: 'jwks',
          check: 'rate-limit',
          status: 429,
          cause: expect.any(String) as string,
        },
      ],
    ])
  })

  test('failed tells what the development Verifier answered 500 for', async () => {
    let fails = false
    const uuid = (): string => {
      if (fails) throw new Error('no more identifiers')
      return 'id'
    }
    const { heard, verifier, machine } = record({ runtime: { uuid } })
    const form = verifier.tokenRequest(machine)
    fails = true
    expect((await postForm(verifier, form)).status).toBe(500)
    expect(heard).toEqual([['failed', { endpoint: 'token', message: 'no more identifiers' }]])
  })
})

describe('a listener', () => {
  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('in the listener')
      },
    ],
    ['rejects', () => Promise.reject(new Error('in the listener'))],
  ])('that %s disturbs no request, and is warned of', async (_, listener) => {
    const warnings: string[] = []
    const verifier = createDevVerifier({
      events: { tokenIssued: listener },
      runtime: { warn: (message) => void warnings.push(message) },
    })
    const response = await requestToken(verifier, verifier.issueMachineCredential())
    expect(response.status).toBe(200)
    expect(warnings).toEqual([expect.stringContaining('"tokenIssued"')])
    expect(await getJson(verifier, '/health')).toEqual({ status: 'UP' })
  })

  test('of an unknown event is refused at start', () => {
    const events = { tokenDenied: () => {} } as object
    expect(() => createDevVerifier({ events })).toThrow(/Expected options of events of tokenIssued/)
  })
})

describe('no event holds a secret', () => {
  const { hex, pkcs8, jwk } = createDevVerifier().issueMachineCredential().privateKey

  test.each([
    ['client_id', hex],
    ['client_id', pkcs8],
    ['client_id', JSON.stringify(jwk)],
    ['grant_type', hex],
    ['client_assertion', hex],
  ])('that stands in the form as %s', async (name, secret) => {
    for (const mimicLaxity of [false, true])
      await expectNoSecret({ profile: 'eudistack-3.0', mimicLaxity }, name, secret)
  })

  async function expectNoSecret(options: DevVerifierOptions, name: string, secret: string) {
    const { heard, verifier, machine } = record(options)
    const form = verifier.tokenRequest(machine, { form: { [name]: secret } })
    await postForm(verifier, form)
    expect(heard).toHaveLength(1)
    const text = JSON.stringify(heard)
    for (const part of [hex, String(jwk['d']), pkcs8.split('\n')[1]!])
      expect(text).not.toContain(part)
  }

  test.each(['iss', 'sub', 'aud', 'jti', 'exp', 'vp_token'])(
    'that stands in the assertion as %s',
    async (claim) => {
      const { heard, verifier, machine } = record()
      await requestToken(verifier, machine, { assertion: { [claim]: [machine.credential, hex] } })
      expect(heard).toHaveLength(1)
      const text = JSON.stringify(heard)
      expect(text).not.toContain(hex)
      expect(text).not.toMatch(/eyJ[\w-]{10}/)
    },
  )
})

test('the command prints each event on one line', () => {
  const lines: string[] = []
  const listeners = printEvents((line) => void lines.push(line))
  expect(Object.keys(listeners).sort()).toEqual([...EVENT_NAMES].sort())
  listeners.tokenIssued?.({ clientId: 'orders', expiresIn: 899 })
  listeners.tokenRefused?.({ endpoint: 'token', check: 'vp-signature', status: 403, cause: 'why' })
  listeners.requestRefused?.({ check: 'rate-limit', status: 429, cause: 'why' })
  listeners.failed?.({ endpoint: 'jwks', message: 'what' })
  expect(lines).toEqual([
    'token issued to orders, 899 s',
    'token refused (vp-signature, 403): why',
    'request refused (rate-limit, 429): why',
    'jwks failed (500): what',
  ])
})
