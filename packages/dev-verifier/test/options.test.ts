import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto'
import { createDevVerifier, type DevVerifier, type PrivateKeyInput } from '../src/index.js'
import { decodeJwt } from '../src/jwt.js'
import { keyPairFrom } from '../src/keys.js'
import { requestToken } from './support.js'

/** The methods as callers without a compiler may use them. */
type Loose = Record<keyof DevVerifier, (...given: unknown[]) => unknown>

const create = createDevVerifier as (options: object) => DevVerifier
const verifier = createDevVerifier()
const loose = verifier as unknown as Loose
const machine = verifier.issueMachineCredential()

describe('the options of a method', () => {
  it.each<[string, () => unknown]>([
    ['mint()', () => loose.mint({ expireIn: 1 })],
    ['mintIdToken()', () => loose.mintIdToken({ expireIn: 1 })],
    ['mintBroken()', () => loose.mintBroken('expired', { expireIn: 1 })],
    ['issueMachineCredential()', () => loose.issueMachineCredential({ power: [] })],
    ['issueEmployeeCredential()', () => loose.issueEmployeeCredential({ power: [] })],
    ['tokenRequest()', () => loose.tokenRequest(machine, { asertion: {} })],
    ['rotateKeys()', () => loose.rotateKeys({ keepOldKey: true })],
    ['fail()', () => loose.fail('token', 'hang', { time: 1 })],
  ])('of %s have no other names', (method, call) => {
    expect(call).toThrow(`Expected options of ${method} `)
  })

  it.each<[string, () => unknown, string]>([
    ['a life that is no number', () => loose.mint({ expiresIn: NaN }), 'expiresIn'],
    ['a life without end', () => loose.mint({ expiresIn: Infinity }), 'expiresIn'],
    ['a life as text', () => loose.mint({ expiresIn: '60' }), 'expiresIn'],
    ['the life of an id_token as text', () => loose.mintIdToken({ expiresIn: '60' }), 'expiresIn'],
    ['an unknown kind', () => loose.mint({ kind: 'robot' }), 'kind'],
    ['an unknown profile', () => loose.mint({ profile: 'toString' }), 'profile'],
    ['an unknown dialect', () => loose.mint({ dialect: 'toString' }), 'dialect'],
    ['an unknown placement', () => loose.mint({ placement: 'toString' }), 'placement'],
    ['an unknown algorithm', () => loose.mint({ algorithm: 'HS256' }), 'algorithm'],
    [
      'an unknown dialect of a credential',
      () => loose.issueMachineCredential({ dialect: 'v1' }),
      'dialect',
    ],
    ['an unknown status list', () => loose.issueMachineCredential({ status: 'list' }), 'status'],
    [
      'a date as text',
      () => loose.issueMachineCredential({ validUntil: '2030-01-01' }),
      'validUntil',
    ],
    [
      'a date that is none',
      () => loose.issueMachineCredential({ validFrom: new Date(NaN) }),
      'validFrom',
    ],
    ['one power without a list', () => loose.issueMachineCredential({ powers: {} }), 'powers'],
    ['the life of a request', () => loose.tokenRequest(machine, { lifetime: NaN }), 'lifetime'],
    ['how often to fail', () => loose.fail('token', 'hang', { times: NaN }), 'times'],
    ['how long to wait', () => loose.fail('token', 'slow', { delay: '1' }), 'delay'],
    ['an unknown endpoint to heal', () => loose.heal('tokens'), 'endpoint'],
    ['an unknown broken token', () => loose.mintBroken('toString'), 'broken token'],
    ['keys without a list', () => loose.addKeys({ kty: 'EC' }), 'keys'],
    ['the life of all tokens', () => createDevVerifier({ lifetime: NaN }), 'lifetime'],
    [
      'limits that are none',
      () => createDevVerifier({ rateLimit: { token: 1 } as never }),
      'rateLimit',
    ],
    ['another way to name keys', () => createDevVerifier({ kid: 'x' as 'did:key' }), 'kid'],
    ['a flag as text', () => create({ mimicLaxity: 'false' }), 'mimicLaxity'],
    ['an empty tenant', () => create({ tenant: '' }), 'tenant'],
    ['a port as text', () => create({ port: '8082' }), 'port'],
    ['a client without an id', () => create({ clients: [{ did: 'x' }] }), 'clientId'],
    ['a client with another member', () => create({ clients: [{ clientID: 'x' }] }), 'clients'],
    ['an Issuer as text', () => create({ trustedIssuers: ['VATES-1'] }), 'trustedIssuers'],
    ['a clock that is none', () => create({ runtime: { now: 0 } }), 'now'],
    ['an unknown seam', () => create({ runtime: { after: () => {} } }), 'runtime'],
  ])('are refused for %s', (_, call, name) => {
    expect(call).toThrow(new RegExp(`^Expected .*${name}`))
  })

  it('may be there without a value', () => {
    const absent = { expiresIn: undefined, kind: undefined, powers: undefined, status: undefined }
    expect(decodeJwt(String(loose.mint(absent))).claims).toMatchObject({ iss: verifier.issuer })
  })
})

describe('the option key', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

  it('may be a KeyObject, as everywhere where a private key is given', async () => {
    const owner = createDevVerifier({ key: privateKey })
    expect(owner.jwks().keys[0]).toMatchObject(publicKey.export({ format: 'jwk' }))
    expect(
      (await requestToken(owner, owner.issueMachineCredential({ key: privateKey }))).status,
    ).toBe(200)
    expect(
      (await requestToken(owner, machineOf(owner), { assertionKey: privateKey })).status,
    ).not.toBe(200)
  })

  it.each<[string, unknown]>([
    ['a public KeyObject', publicKey],
    ['a secret KeyObject', createSecretKey(Buffer.alloc(32))],
    ['a KeyObject of another type', generateKeyPairSync('ed25519').privateKey],
    ['a public JWK', publicKey.export({ format: 'jwk' })],
    ['a PEM of a public key', createPublicKey(privateKey).export({ format: 'pem', type: 'spki' })],
    ['bytes', Buffer.alloc(32)],
    ['a text that is no key', 'hunter2'],
    ['nothing', null],
    ['a number', 1],
  ])('refuses %s and says what it takes', (_, key) => {
    expect(() => keyPairFrom(key as PrivateKeyInput)).toThrow(
      /^Expected a P-256 private key as hex, JWK, PKCS#8 PEM or KeyObject/,
    )
    expect(() => keyPairFrom(key as PrivateKeyInput)).not.toThrow(/hunter2/)
  })
})

const machineOf = (owner: DevVerifier) => owner.issueMachineCredential()
