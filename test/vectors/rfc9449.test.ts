import { createHash } from 'node:crypto'
import { systemRuntime, type ErrorCode } from '@verifier-guard/core'
import { createProofReader } from '../../packages/core/src/proof/proof.js'
import { createDpopProofs } from '../../packages/core/src/proof/dpop.js'
import { ALGORITHMS } from '../../packages/core/src/jwt/algorithms.js'
import { Denial } from '../../packages/core/src/kit/errors.js'
import { resolveOptions } from '../../packages/core/src/options/resolve.js'
import type { ValidatedToken } from '../../packages/core/src/token-cache.js'

/** RFC 9449 §4.1, §6.1, §7.1. */
const JKT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
const TOKEN = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
const ATH = 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo'
const HEADER =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19'
const TOKEN_REQUEST = `${HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`
const RESOURCE_REQUEST = `${HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`
const MADE_AT = 1_562_262_618

interface Call {
  readonly proof?: string
  readonly now?: number
  readonly method?: string
  readonly resource?: string
  readonly token?: string
  readonly jkt?: string
}

/** The example's token is opaque, so the proof step is asked alone. */
async function verdictOf({
  proof = RESOURCE_REQUEST,
  now = MADE_AT,
  method = 'GET',
  resource = 'https://resource.example.org',
  token = TOKEN,
  jkt = JKT,
}: Call = {}): Promise<ErrorCode | 'accepted'> {
  const runtime = { ...systemRuntime, now: () => now * 1_000 }
  const keys = { keys: [] }
  const trust = { issuer: 'https://server.example.com', audience: 'orders', keys }
  const settings = resolveOptions({ ...trust, resource, runtime })
  const emitter = { listens: () => false, emit: () => {} }
  const { show } = createDpopProofs(settings, settings.dpop!, emitter)
  const known = { context: { token } } as ValidatedToken
  const request = { method, url: '/protectedresource', headers: {} }
  try {
    await show({ thumbprint: jkt, known, request, proof })
    return 'accepted'
  } catch (error) {
    if (error instanceof Denial) return error.refusal.code
    throw error
  }
}

describe('the examples of RFC 9449', () => {
  test('§7.1: the proof of the protected resource request passes, and for 60 seconds', async () => {
    expect(await verdictOf()).toBe('accepted')
    expect(await verdictOf({ now: MADE_AT + 60 })).toBe('accepted')
    expect(await verdictOf({ now: MADE_AT + 71 })).toBe('dpop_proof_invalid')
  })

  test.each<[string, Call, ErrorCode]>([
    ['another method', { method: 'POST' }, 'dpop_proof_invalid'],
    ['another host', { resource: 'https://other.example.org' }, 'dpop_proof_invalid'],
    ['another token', { token: 'another' }, 'dpop_proof_invalid'],
    ['another key', { jkt: JKT.replace('0', '1') }, 'dpop_key_mismatch'],
  ])('§7.1: it does not pass for %s', async (_, call, code) => {
    expect(await verdictOf(call)).toBe(code)
  })

  test('§4.1: the proof of the token request has no "ath", and none for an API passes without', async () => {
    const call = { proof: TOKEN_REQUEST, method: 'POST', resource: 'https://server.example.com' }
    expect(await verdictOf(call)).toBe('dpop_proof_invalid')
  })

  test('§7.1: the hash of the token', () => {
    expect(createHash('sha256').update(TOKEN).digest('base64url')).toBe(ATH)
  })
})

test('RFC 7638 §3.1, RFC 8037 A.3, RFC 9449 §6.1: thumbprints', async () => {
  const { createHolder } = await import('../dpop/holder.js')
  const { thumbprintOf } = await import('../../packages/core/src/proof/proof.js')
  const rsa = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB',
    alg: 'RS256',
    kid: '2011-04-29',
  }
  expect(await thumbprintOf(rsa)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  const okp = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
  expect(await thumbprintOf(okp)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  const read = createProofReader(ALGORITHMS, 'calling')
  expect((await read(RESOURCE_REQUEST)).thumbprint).toBe(JKT)
  const { jwk, jkt } = createHolder()
  expect(await thumbprintOf(jwk)).toBe(jkt)
})
