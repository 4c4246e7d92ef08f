import { startDevVerifier } from '@verifier-guard/dev-verifier'
import type { RequestListener } from 'node:http'
import { createTokenSource } from '../src/index.js'
import { closing, failureOf, holdRuntime, record, serve, until } from './support.js'

const TOKEN = { access_token: 'opaque', token_type: 'Bearer', expires_in: 60 }

/** An authorization server whose metadata are at one path and state one issuer. */
async function startServer({
  at = '/.well-known/openid-configuration',
  stated = (origin: string) => origin,
  elsewhere = 404,
  headers = {},
} = {}) {
  const asked: string[] = []
  const forms: URLSearchParams[] = []
  const listener: RequestListener = (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      asked.push(request.url ?? '')
      if (request.url === at)
        return response.end(
          JSON.stringify({ issuer: stated(origin), token_endpoint: `${origin}/token` }),
        )
      if (request.url !== '/token') return response.writeHead(elsewhere, headers).end()
      forms.push(new URLSearchParams(body))
      return response.end(JSON.stringify(TOKEN))
    })
  }
  const origin: string = await serve(listener)
  return { origin, asked, forms }
}

const byKey = {
  clientId: 'me',
  privateKey: '1'.padStart(64, '0'),
}
const connect = (authorizationServer: string) =>
  closing(createTokenSource({ authorizationServer, ...byKey }))

function claimsOf(jwt: string): Record<string, unknown> {
  const [, claims = ''] = jwt.split('.')
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
}

describe('the issuer', () => {
  it.each(['/', '/application/o/shop/'])('may end in a slash: %s', async (path) => {
    const { origin, forms } = await startServer({
      at: `${path}.well-known/openid-configuration`,
      stated: (host) => host + path,
    })
    expect(await connect(origin + path).getToken()).toBe('opaque')
    const assertion = forms[0]?.get('client_assertion') ?? ''
    expect(claimsOf(assertion).aud).toBe(origin + path)
  })

  it.each([
    ['a trailing slash too few', '', '/', 'they differ by a trailing slash only'],
    ['a trailing slash too many', '/', '', 'they differ by a trailing slash only'],
    ['another suffix', '', '/verifier', 'they differ by the suffix "/verifier" only'],
  ])('is distinguished from that of the server: %s', async (_, given, added, hint) => {
    const { origin } = await startServer({ stated: (host) => host + added })
    const error = await failureOf(connect(origin + given).getToken())
    expect(error).toMatchObject({ code: 'issuer_mismatch', kind: 'configuration' })
    expect(error.message).toContain(hint)
  })

  it('of a Verifier may be given with a slash, and the error says that it has none', async () => {
    const verifier = closing(await startDevVerifier())
    const { credential, privateKey } = verifier.issueMachineCredential()
    const options = {
      verifier: `${verifier.issuer}/`,
      credential,
      privateKey: privateKey.hex,
    }
    const error = await failureOf(closing(createTokenSource(options)).getToken())
    expect(error.code).toBe('issuer_mismatch')
    expect(error.message).toContain('they differ by a trailing slash only')
    expect(verifier.requests.token).toBe(0)
  })
})

describe('the metadata of a server elsewhere', () => {
  const issuer = 'https://login.example.org'

  it.each([
    'http://127.0.0.1:8080/token',
    'https://localhost/token',
    'https://[::1]/token',
    'http://169.254.169.254/latest/meta-data',
    'https://[fe80::1]/token',
  ])('send the credential to no address on this machine or its link: %s', async (address) => {
    for (const named of [
      { token_endpoint: address },
      { token_endpoint: `${issuer}/token`, mtls_endpoint_aliases: { token_endpoint: address } },
    ]) {
      const asked: string[] = []
      const fetch = (url: string) => {
        asked.push(url)
        return Promise.resolve(Response.json({ issuer, ...named, ...TOKEN }))
      }
      const options = { authorizationServer: issuer, ...byKey, tries: 1 }
      const runtime = { ...holdRuntime(), fetch }
      const source = closing(createTokenSource({ ...options, runtime }))
      await source.getToken().catch((error: unknown) => error)
      expect(asked.length).toBeGreaterThan(0)
      expect(asked).not.toContain(address)
    }
  })
})

describe('metadata that are not there', () => {
  // The Java Verifiers answer unknown paths so.
  const headers = { 'set-cookie': 'JSESSIONID=0123; Path=/; HttpOnly' }

  it.each([401, 403, 404, 405, 410])(
    'mean a wrong context path where the server answers %i',
    async (elsewhere) => {
      const { origin } = await startServer({ at: 'nowhere', elsewhere, headers })
      const error = await failureOf(connect(origin).getToken())
      expect(error).toMatchObject({ code: 'issuer_mismatch', status: elsewhere, retryable: false })
      expect(error.message).toContain(`status ${elsewhere} from ${origin}/.well-known/`)
      expect(error.message).toContain('is the context path missing, for instance /verifier?')
      const withPath = await failureOf(connect(`${origin}/wrong`).getToken())
      expect(withPath.message).toContain('is its path right?')
    },
  )

  it('at one place are looked for at the next, also after an empty 403', async () => {
    const at = '/.well-known/oauth-authorization-server'
    const { origin, asked } = await startServer({ at, elsewhere: 403, headers })
    expect(await connect(origin).getToken()).toBe('opaque')
    expect(asked).toEqual(['/.well-known/openid-configuration', at, '/token'])
  })

  it.each([429, 500, 503])('are not looked for elsewhere after %i', async (elsewhere) => {
    const { origin, asked } = await startServer({ at: 'nowhere', elsewhere })
    const options = { authorizationServer: origin, ...byKey, tries: 1 }
    expect((await failureOf(closing(createTokenSource(options)).getToken())).status).toBe(elsewhere)
    expect(asked).toHaveLength(1)
  })
})

describe('the search for the metadata', () => {
  it('ends with the source, as no outage and without another try', async () => {
    const runtime = holdRuntime()
    const { recorded, events } = record()
    let isAsked = false
    const origin = await serve(() => (isAsked = true))
    const tokens = closing(
      createTokenSource({ authorizationServer: origin, ...byKey, runtime, events }),
    )
    const outcome = failureOf(tokens.getToken())
    await until(() => isAsked)
    tokens.close()
    expect(await outcome).toMatchObject({ code: 'closed', retryable: false })
    await new Promise(setImmediate)
    expect(runtime.slept).toEqual([])
    expect(recorded).toEqual([])
  })
})
