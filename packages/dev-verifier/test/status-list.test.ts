import { X509Certificate } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { createDevVerifier } from '../src/index.js'
import { decodeJwt, hasValidSignature, type Json } from '../src/jwt.js'
import { answerOf, grantedClaims, requestToken } from './support.js'

const forms = {
  bitstring: {
    contentType: 'application/vc+jwt',
    entry: ({ credentialStatus }: Json) => {
      const { statusListCredential, statusListIndex } = credentialStatus as Json
      return { uri: statusListCredential as string, index: Number(statusListIndex) }
    },
    list: ({ credentialSubject }: Json) => {
      const { encodedList } = credentialSubject as { encodedList: string }
      expect(encodedList.startsWith('u')).toBe(true)
      return encodedList.slice(1)
    },
  },
  token: {
    contentType: 'application/statuslist+jwt',
    entry: ({ credentialStatus }: Json) => {
      const { uri, idx } = (credentialStatus as { status_list: { uri: string; idx: number } })
        .status_list
      return { uri, index: idx }
    },
    list: ({ status_list }: Json) => {
      expect(status_list).toMatchObject({ bits: 1 })
      return (status_list as { lst: string }).lst
    },
  },
}

describe.each(['bitstring', 'token'] as const)('the %s status list', (status) => {
  const { contentType, entry, list } = forms[status]
  const verifier = createDevVerifier()
  const machines = Array.from({ length: 20 }, () => verifier.issueMachineCredential({ status }))
  const entries = machines.map(({ payload }) => entry(payload['vc'] as Json))

  const bits = async (): Promise<Buffer> => {
    const response = await verifier.fetch(entries[0]?.uri as string)
    expect(response.headers.get('content-type')).toBe(contentType)
    const jwt = decodeJwt(await response.text())
    expect(jwt.header['typ']).toBe(contentType.replace('application/', ''))
    const [leaf, authority] = (jwt.header['x5c'] as string[]).map(
      (certificate) => new X509Certificate(Buffer.from(certificate, 'base64')),
    )
    expect(hasValidSignature(jwt, leaf!.publicKey)).toBe(true)
    expect(authority!.toString()).toBe(verifier.credentialIssuer.certificateAuthorities[0])
    return gunzipSync(Buffer.from(list(jwt.claims), 'base64url'))
  }
  const isSet = (bytes: Buffer, index: number): boolean =>
    ((bytes[index >> 3] as number) & (0x80 >> (index & 7))) !== 0

  it('gives each credential an index of its own', () => {
    expect(new Set(entries.map(({ index }) => index)).size).toBe(machines.length)
  })

  it('has the bits of revoked credentials set, most significant first', async () => {
    expect((await bits()).every((byte) => byte === 0)).toBe(true)
    for (const revoked of [0, 3, 17]) machines[revoked]?.revoke()
    const bytes = await bits()
    expect(bytes).toHaveLength(131_072 / 8)
    expect(
      entries.flatMap(({ index }, position) => (isSet(bytes, index) ? [position] : [])),
    ).toEqual([0, 3, 17])
  })

  it.each(['machine-v1', 'machine-v2', 'machine-sd-jwt'] as const)(
    'stops a revoked %s at the token endpoint',
    async (dialect) => {
      const verifier = createDevVerifier()
      const machine = verifier.issueMachineCredential({ dialect, status })
      expect(JSON.stringify(await grantedClaims(await requestToken(verifier, machine)))).toContain(
        `/credentials/status/1`,
      )
      machine.revoke()
      expect(await answerOf(await requestToken(verifier, machine))).toBe('400 invalid_grant')
    },
  )
})
