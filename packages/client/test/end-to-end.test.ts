import { createResourceServer, type ResourceServer } from '@verifier-guard/core'
import {
  brokenProofs,
  brokenTokens,
  startDevVerifier,
  type BrokenProofName,
  type BrokenTokenName,
} from '@verifier-guard/dev-verifier'
import { boundSource, closing, serve } from './support.js'

/** A plain authorization server, a client of it, and an API that takes bound tokens. */
async function start() {
  const verifier = closing(await startDevVerifier({ profile: 'oauth', demandNonces: true }))
  let authenticate: ResourceServer['authenticate'] = () => Promise.reject(new Error('not yet'))
  const origin = await serve((request, response) => {
    const headers = request.headersDistinct
    const one = { method: request.method, url: request.url, headers: { ...headers } }
    void Promise.resolve(authenticate(one as never)).then(
      () => response.end('ok'),
      (error: { status: number; headers: Iterable<[string, string]> }) => {
        for (const [name, value] of error.headers ?? []) response.appendHeader(name, value)
        response.writeHead(error.status ?? 500).end()
      },
    )
  })
  const resourceServer = closing(
    createResourceServer({
      issuer: verifier.issuer,
      audience: origin,
      profile: 'rfc9068',
      resource: origin,
      events: { denied: () => {} },
      dpop: { nonce: { secrets: ['a secret of more than 32 characters'] } },
    }),
  )
  authenticate = resourceServer.authenticate
  const tokens = boundSource(verifier, { resource: origin, allowedOrigins: [origin] })
  return { verifier, origin, tokens }
}

describe('client, authorization server and API', () => {
  it('get on, with nonces of both servers', async () => {
    const { verifier, origin, tokens } = await start()
    for (const path of ['/orders?page=1', '/a%2fb/%7Ec', '/'])
      expect((await tokens.fetch(origin + path)).status).toBe(200)
    expect(verifier.requests.token).toBe(2)
  })

  it('refuse each broken proof', async () => {
    const { verifier, origin } = await start()
    const url = `${origin}/orders`
    const send = (authorization: string, dpop: readonly string[]) =>
      fetch(url, { headers: [['authorization', authorization], ...fields(dpop)] })
    const token = { audience: origin }
    const accessToken = verifier.mint({ ...token, boundTo: { key: verifier.proofKey.jwk } })
    const first = await send(`DPoP ${accessToken}`, [verifier.mintProof({ url, accessToken })])
    const nonce = first.headers.get('dpop-nonce') ?? ''
    const good = verifier.mintProof({ url, accessToken, nonce })
    expect((await send(`DPoP ${accessToken}`, [good])).status).toBe(200)
    const passed: string[] = []
    for (const name of Object.keys(brokenProofs) as BrokenProofName[]) {
      const { authorization, dpop } = verifier.mintBrokenProof(name, { url, token, nonce })
      if ((await send(authorization, dpop)).status !== 401) passed.push(name)
    }
    // With a nonce, the server's own clock decides on the age of a proof (RFC 9449 §11.1).
    expect(passed).toEqual(['old', 'from-the-future'])
  })

  it('refuse each broken token, also of this profile', async () => {
    const { verifier, origin } = await start()
    const passed: string[] = []
    for (const name of Object.keys(brokenTokens) as BrokenTokenName[]) {
      const options = { audience: origin }
      const token = verifier.mintBroken(name, name === 'wrong-audience' ? {} : options)
      const { status } = await fetch(origin, { headers: { authorization: `Bearer ${token}` } })
      if (status !== 401) passed.push(`${name} ${status}`)
    }
    expect(passed).toEqual([])
  })
})

const fields = (dpop: readonly string[]) => dpop.map((one): [string, string] => ['dpop', one])
