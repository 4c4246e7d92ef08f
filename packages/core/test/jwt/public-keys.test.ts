import { createSecretKey, type JsonWebKey } from 'node:crypto'
import { createKeyPair } from '../../../../test/key-pair.js'
import { readPublicKeys } from '../../src/jwt/public-keys.js'
import { AUTHORITY, SEALS } from '../fixtures/certificates.js'

const ec = createKeyPair('ec', { namedCurve: 'P-256' })
const rsa = createKeyPair('rsa', { modulusLength: 2048 })
const jwkOf = (key: typeof ec.publicKey) => key.export({ format: 'jwk' })
const pemOf = (key: typeof ec.publicKey) => key.export({ type: 'spki', format: 'pem' }) as string
const certificate = `-----BEGIN CERTIFICATE-----\n${SEALS.leaf.certificate}\n-----END CERTIFICATE-----\n`
const { d: _private, ...leafKey }: JsonWebKey = SEALS.leaf.key

test.each<[string, unknown, readonly JsonWebKey[]]>([
  ['a JWK Set', { keys: [jwkOf(ec.publicKey)] }, [jwkOf(ec.publicKey)]],
  ['a JWK', jwkOf(rsa.publicKey), [jwkOf(rsa.publicKey)]],
  ['a KeyObject', ec.publicKey, [jwkOf(ec.publicKey)]],
  ['a public key in PEM', pemOf(ec.publicKey), [jwkOf(ec.publicKey)]],
  ['an RSA key in the older PEM', pkcs1(), [jwkOf(rsa.publicKey)]],
  ['a certificate in PEM', certificate, [leafKey]],
  [
    'several keys in one text',
    pemOf(ec.publicKey) + pemOf(rsa.publicKey),
    [jwkOf(ec.publicKey), jwkOf(rsa.publicKey)],
  ],
  [
    'a list of any of them',
    [pemOf(ec.publicKey), rsa.publicKey, leafKey],
    [jwkOf(ec.publicKey), jwkOf(rsa.publicKey), leafKey],
  ],
])('%s is read', (_, keys, expected) => {
  expect(readPublicKeys(keys)).toEqual({ keys: expected })
})

function pkcs1(): string {
  return rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }) as string
}

test.each<[string, unknown, RegExp]>([
  ['nothing', null, /^null/],
  ['a text that is no key', 'MIIB', /no PEM/],
  ['PEM with other bytes', pemOf(ec.publicKey).replace(/M/g, 'A'), /without a readable key/],
  ['PEM of a private key', privatePem(), /a private or secret key.*public half/],
  ['a private KeyObject', ec.privateKey, /a private or secret key/],
  ['a secret KeyObject', createSecretKey(Buffer.from('a'.repeat(32))), /a private or secret key/],
  ['one wrong key of a list', [ec.publicKey, 7], /^7/],
  ['metadata', { jwks_uri: 'https://verifier.example.org/jwks' }, /metadata.*"jwksUri"/],
  ['an object without keys', { key: [] }, /without "keys"/],
])('%s is explained', (_, keys, message) => {
  const read = readPublicKeys(keys)
  expect('found' in read && `${read.found}: ${read.hint}`).toMatch(message)
})

function privatePem(): string {
  return ec.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

test('no key is repeated in an explanation', () => {
  const secret = privatePem()
  expect(JSON.stringify(readPublicKeys(secret))).not.toContain(secret.split('\n')[1])
  expect(JSON.stringify(readPublicKeys(AUTHORITY.replace('BEGIN', 'START')))).not.toContain('MII')
})
