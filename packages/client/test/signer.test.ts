import { spawn } from 'node:child_process'
import { sign, verify } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { startDevVerifier } from '@verifier-guard/dev-verifier'
import fc from 'fast-check'
import { createKeyPair } from '../../../test/key-pair.js'
import { createTokenSource, ecdsaSignatureFromDer, type Signer } from '../src/index.js'
import { closing, failureOf } from './support.js'

/**
 * Stands for an HSM behind PKCS#11: a process of its own that holds the key and signs what it is
 * given (CKM_ECDSA_SHA256).
 */
const HSM = `
const { createPrivateKey, sign } = require('node:crypto')
const { createInterface } = require('node:readline')
let key
createInterface({ input: process.stdin }).on('line', (line) => {
  const { load, message } = JSON.parse(line)
  if (load) { key = createPrivateKey({ key: load, format: 'jwk' }); return console.log('{}') }
  const signature = sign('sha256', Buffer.from(message, 'base64'), key)
  console.log(JSON.stringify({ signature: signature.toString('base64') }))
})`

/** The side of the application: asks over a pipe, one question at a time. */
async function connectHsm(jwk: unknown) {
  const child = spawn(process.execPath, ['-e', HSM], { stdio: ['pipe', 'pipe', 'inherit'] })
  closing({ close: () => void child.kill() })
  const lines = createInterface({ input: child.stdout })
  const ask = async (question: object) => {
    child.stdin.write(`${JSON.stringify(question)}\n`)
    const [line] = (await once(lines, 'line')) as [string]
    return JSON.parse(line) as { signature?: string }
  }
  await ask({ load: jwk })
  return ask
}

describe('a signer', () => {
  const start = async () => {
    const verifier = closing(await startDevVerifier())
    const machine = verifier.issueMachineCredential()
    const create = (signer: Signer) =>
      closing(
        createTokenSource({ verifier: verifier.issuer, credential: machine.credential, signer }),
      )
    return { verifier, machine, create }
  }

  it('keeps the private key out of this process', async () => {
    const { machine, create } = await start()
    const ask = await connectHsm(machine.privateKey.jwk)
    const signer: Signer = {
      alg: 'ES256',
      async sign(bytes) {
        const { signature = '' } = await ask({ message: Buffer.from(bytes).toString('base64') })
        return ecdsaSignatureFromDer(Buffer.from(signature, 'base64'))
      },
    }
    expect(typeof (await create(signer).getToken())).toBe('string')
  })

  it.each<[string, Signer['sign'], object, string]>([
    [
      'that throws',
      () => Promise.reject(new Error('HSM is locked')),
      { code: 'signer_failed', retryable: true, cause: new Error('HSM is locked') },
      'signer',
    ],
    [
      'that returns DER',
      () => Uint8Array.from([0x30, ...new Uint8Array(70)]),
      { code: 'signature_malformed', retryable: false },
      'look like DER',
    ],
    [
      'that returns no bytes',
      () => 'signature' as unknown as Uint8Array,
      { code: 'signature_malformed' },
      'no bytes',
    ],
    ['with another key', () => new Uint8Array(64).fill(1), { code: 'key_mismatch' }, 'bound to'],
  ])('%s has its own error, and nothing leaves', async (_, signWith, error, text) => {
    const { verifier, create } = await start()
    const failure = await failureOf(create({ alg: 'ES256', sign: signWith }).ready())
    expect(failure).toMatchObject(error)
    expect(failure.message).toContain(text)
    expect(verifier.requests.token).toBe(0)
  })

  it('must sign ES256 for a machine credential', async () => {
    const { create } = await start()
    const signer: Signer = { alg: 'RS256', sign: () => new Uint8Array(256) }
    expect(await failureOf(() => create(signer))).toMatchObject({ code: 'invalid_option' })
  })
})

describe('ecdsaSignatureFromDer', () => {
  it.each([
    ['ES256', 'P-256', 'sha256'],
    ['ES384', 'P-384', 'sha384'],
    ['ES512', 'P-521', 'sha512'],
  ] as const)('gives the raw signature of %s', (alg, namedCurve, hash) => {
    const { privateKey, publicKey } = createKeyPair('ec', { namedCurve })
    for (let round = 0; round < 200; round++) {
      const message = Buffer.from(String(round))
      const raw = ecdsaSignatureFromDer(sign(hash, message, privateKey), alg)
      expect(verify(hash, message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true)
    }
  })

  it('refuses everything else, with one error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 140 }), (bytes) => {
        try {
          expect(ecdsaSignatureFromDer(bytes)).toHaveLength(64)
        } catch (error) {
          expect(error).toMatchObject({ code: 'signature_malformed' })
        }
      }),
    )
  })
})
