// What callers write every day, and what they write with options that are not known until it runs.
import {
  createTokenSource,
  type CommonOptions,
  type KeyOptions,
  type PresentationOptions,
  type Signer,
  type TokenSourceOptions,
} from '../../src/index.js'

declare const environment: Readonly<Record<string, string | undefined>>
declare const kms: Signer | undefined

const verifier = 'https://verifier.example.org'
const authorizationServer = 'https://auth.example.org'
const credential = 'credential'
const clientId = 'orders'

createTokenSource({ verifier, credential, privateKey: 'key' })
createTokenSource({
  verifier,
  credential,
  privateKey: new Uint8Array(),
  passphrase: 'p',
  tenant: null,
  tries: 1,
})
createTokenSource({
  verifier,
  credential,
  privateKey: { kty: 'EC', crv: 'P-256', d: 'd' },
  clientId,
  keyId: 'k',
})
createTokenSource({
  authorizationServer,
  clientId,
  privateKey: 'key',
  algorithm: 'PS256',
  keyId: 'k',
})
createTokenSource({
  authorizationServer,
  clientId,
  clientSecret: 'secret',
  audience: 'https://orders.example.org',
})

// Bound tokens.
const mtls = { cert: 'cert', key: new Uint8Array(), ca: ['ca'] }
createTokenSource({ authorizationServer, clientId, mtls })
createTokenSource({ authorizationServer, clientId, mtls, clientSecret: 'secret', dpop: true })
createTokenSource({
  authorizationServer,
  clientId,
  privateKey: 'key',
  assertionType: 'client-authentication+jwt',
  dpop: {
    signer: { alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x: 'x' }, sign: (bytes) => bytes },
  },
})

// One of two ways, chosen at run time.
createTokenSource({
  verifier,
  credential,
  ...(kms ? { signer: kms } : { privateKey: environment.KEY ?? '' }),
})
const key: KeyOptions = kms ? { signer: kms } : { privateKey: environment.KEY ?? '' }
createTokenSource({ authorizationServer, clientId, ...key })
const who = environment.VERIFIER
  ? { verifier: environment.VERIFIER, credential, privateKey: 'key' }
  : { authorizationServer, clientId, clientSecret: 'secret' }
createTokenSource({ ...who, allowedOrigins: ['https://orders.example.org'] })

// Options that travel through functions of the caller's own.
const common: CommonOptions = { timeout: 3 }
const machine = (tenant: string): PresentationOptions => ({
  verifier,
  credential,
  privateKey: 'key',
  tenant,
})
const options: TokenSourceOptions = { ...common, ...machine('kpmg') }
createTokenSource(options)
