import { startDevVerifier } from '@verifier-guard/dev-verifier'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import type { TokenSource } from '../src/index.js'
import { startBoundApi } from './bound-api.js'
import { boundSource, closing, failureOf, serve, startHeldSource, until } from './support.js'

interface SendOptions {
  readonly body?: string
  readonly authorization?: string
  /** Rejects for a status of 400 and above, as the client itself does it. */
  readonly throws?: boolean
  readonly signal?: AbortSignal
}

/** What an integration does with one request. */
export type Send = (url: string, options?: SendOptions) => Promise<{ status: number; text: string }>

const INVALID_TOKEN = { 'www-authenticate': 'Bearer error="invalid_token"' }

/**
 * The cases that every integration must pass.
 *
 * @param connect makes a sender over a token source; each sender follows redirects.
 * @param ofAbort what the client says of a call that was aborted. Default: the reason.
 */
export function describeIntegration(
  name: string,
  connect: (tokens: TokenSource) => Send,
  ofAbort: object = { message: 'enough' },
): void {
  const start = async (
    answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
  ) => {
    const seen: string[] = []
    const bodies: string[] = []
    const origin = await serve((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        bodies.push(body)
        seen.push(request.headers.authorization ?? 'none')
        answer(request, response, seen.length)
      })
    })
    return { origin, seen, bodies }
  }
  const source = async (...allowedOrigins: string[]) => {
    const held = await startHeldSource({ allowedOrigins, tries: 1 })
    return { ...held, send: connect(held.tokens) }
  }

  const bound = async (...allowedOrigins: string[]) => {
    const verifier = closing(await startDevVerifier({ profile: 'oauth' }))
    const tokens = boundSource(verifier, { allowedOrigins })
    return { verifier, tokens, send: connect(tokens) }
  }

  describe(`${name}, with bound tokens`, () => {
    it('sends a fresh proof with each request, for its method and address', async () => {
      const api = await startBoundApi()
      const { send } = await bound(api.origin)
      expect(await send(`${api.origin}/orders?page=2`, { body: 'x' })).toMatchObject({
        status: 200,
      })
      expect(await send(`${api.origin}/%7Eme/a%2fb/../c`)).toMatchObject({ status: 200 })
      expect(api.refused).toEqual([])
      expect(api.seen.map(({ proof }) => proof.htm)).toEqual(['POST', 'GET'])
    })

    it('repeats a call once with the nonce that is asked for, and keeps the next ones', async () => {
      let nonce = 'n1'
      const api = await startBoundApi({
        nonce: () => nonce,
        answer: (count, response) => {
          if (count === 2) nonce = 'n2'
          response.setHeader('dpop-nonce', nonce).end('ok')
        },
      })
      const { verifier, send } = await bound(api.origin)
      for (let call = 0; call < 4; call += 1)
        expect(await send(api.origin, { body: 'x' })).toEqual({ status: 200, text: 'ok' })
      expect(api.refused).toEqual(['nonce'])
      expect(api.seen.map(({ body }) => body)).toEqual(['x', 'x', 'x', 'x'])
      expect(verifier.requests.token).toBe(1)
    })

    it('learns a nonce also from the answer to a repeated call', async () => {
      let nonce = 'n1'
      const api = await startBoundApi({
        nonce: () => nonce,
        answer: (count, response) => {
          nonce = `n${count + 1}`
          response.setHeader('dpop-nonce', nonce).end('ok')
        },
      })
      const { send } = await bound(api.origin)
      await send(api.origin)
      await send(api.origin)
      expect(api.refused).toEqual(['nonce'])
    })

    it('sends no proof to an address that it was not made for', async () => {
      const other = await startBoundApi()
      const api = await startBoundApi({
        answer: (_, response, { url }) =>
          void response
            .writeHead(302, { location: url === '/far' ? `${other.origin}/` : '/near' })
            .end(),
      })
      const { send } = await bound(api.origin)
      for (const path of ['/far', '/other']) await send(api.origin + path).catch(() => undefined)
      expect(api.refused).toEqual([])
      expect(other.refused.filter((reason) => reason !== 'scheme, or number of proofs')).toEqual([])
      expect(other.seen).toEqual([])
    })

    it('keeps token and proof out of what is printed', async () => {
      const api = await startBoundApi({
        answer: (_, response) => void response.writeHead(403).end('no'),
      })
      const { tokens, send } = await bound(api.origin)
      const token = await tokens.getToken()
      const outcome = await send(api.origin, { throws: true }).catch((error: unknown) => error)
      expect(api.seen).toHaveLength(1)
      const printed = inspect(outcome, { depth: 10 }) + JSON.stringify(outcome)
      expect(printed).not.toContain(token)
      expect(printed).not.toMatch(/dpop.*eyJ/i)
    })
  })

  describe(name, () => {
    it('adds the token, to allowed origins only', async () => {
      const api = await start((_, response) => response.end('ok'))
      const other = await start((_, response) => response.end('ok'))
      const { tokens, send } = await source(api.origin)
      expect(await send(`${api.origin}/orders`, { body: 'x' })).toEqual({ status: 200, text: 'ok' })
      await send(other.origin)
      expect(api.seen).toEqual([`Bearer ${await tokens.getToken()}`])
      expect(other.seen).toEqual(['none'])
    })

    it('leaves an authorization of the caller alone', async () => {
      const api = await start(
        (_, response) => void response.writeHead(401, INVALID_TOKEN).end('no'),
      )
      const { verifier, send } = await source(api.origin)
      expect(await send(api.origin, { authorization: 'Bearer mine' })).toMatchObject({
        status: 401,
      })
      expect(api.seen).toEqual(['Bearer mine'])
      expect(verifier.requests.token).toBe(0)
    })

    it('takes no token along on a redirect to another origin', async () => {
      const other = await start((_, response) => response.end('other'))
      const api = await start(
        (_, response) => void response.writeHead(302, { location: other.origin }).end(),
      )
      const { send } = await source(api.origin)
      expect(await send(api.origin)).toEqual({ status: 200, text: 'other' })
      expect(api.seen[0]).toMatch(/^Bearer /)
      expect(other.seen).toEqual(['none'])
    })

    it('repeats a call once with another token after 401 invalid_token', async () => {
      const api = await start((_, response, count) => {
        if (count === 1) response.writeHead(401, INVALID_TOKEN)
        response.end(`answer ${count}`)
      })
      const { tokens, send } = await source(api.origin)
      expect(await send(api.origin, { body: 'x' })).toEqual({ status: 200, text: 'answer 2' })
      expect(api.bodies).toEqual(['x', 'x'])
      expect(api.seen[0]).not.toBe(api.seen[1])
      expect(api.seen[1]).toBe(`Bearer ${await tokens.getToken()}`)
    })

    it('repeats a call once with another token after a 401 without a reason', async () => {
      const api = await start((_, response, count) => {
        if (count === 1) response.writeHead(401)
        response.end(`answer ${count}`)
      })
      const { send } = await source(api.origin)
      expect(await send(api.origin)).toEqual({ status: 200, text: 'answer 2' })
      expect(api.seen[0]).not.toBe(api.seen[1])
    })

    it('takes no 401 of an origin that it was redirected to for its own', async () => {
      const other = await start(
        (_, response) => void response.writeHead(401, INVALID_TOKEN).end('no'),
      )
      const api = await start(
        (_, response) => void response.writeHead(302, { location: other.origin }).end(),
      )
      const { verifier, tokens, send } = await source(api.origin)
      const token = await tokens.getToken()
      expect(await send(api.origin)).toEqual({ status: 401, text: 'no' })
      expect(await tokens.getToken()).toBe(token)
      expect(other.seen).toEqual(['none'])
      expect(verifier.requests.token).toBe(1)
    })

    it('takes no 401 of such an origin for its own at the second try either', async () => {
      const other = await start(
        (_, response) => void response.writeHead(401, INVALID_TOKEN).end('no'),
      )
      // A token can be replaced again by then.
      let pass = () => {}
      const api = await start((_, response, count) => {
        if (count === 1) return void response.writeHead(401, INVALID_TOKEN).end()
        pass()
        response.writeHead(302, { location: other.origin }).end()
      })
      const { runtime, verifier, tokens, send } = await source(api.origin)
      pass = () => runtime.advance(11_000)
      expect(await send(api.origin)).toEqual({ status: 401, text: 'no' })
      expect(api.seen[1]).toBe(`Bearer ${await tokens.getToken()}`)
      expect(other.seen).toEqual(['none'])
      expect(verifier.requests.token).toBe(2)
    })

    it('hands on the 401 while there is no other token', async () => {
      const api = await start(
        (_, response) => void response.writeHead(401, INVALID_TOKEN).end('no'),
      )
      const { verifier, tokens, send } = await source(api.origin)
      await tokens.ready()
      verifier.fail('token', 'status-403')
      expect(await send(api.origin)).toEqual({ status: 401, text: 'no' })
      expect(api.seen).toHaveLength(1)
    })

    it.each([
      ['the first token', 0],
      ['another token', 1],
    ])('ends a call that is aborted while it waits for %s', async (_, answers) => {
      const api = await start(
        (__, response) => void response.writeHead(401, INVALID_TOKEN).end('no'),
      )
      const { verifier, tokens, send } = await source(api.origin)
      if (answers > 0) await tokens.ready()
      verifier.fail('token', 'hang')
      const controller = new AbortController()
      const call = send(api.origin, { signal: controller.signal })
      const outcome = expect(call).rejects.toMatchObject(ofAbort)
      await until(() => verifier.requests.token === answers + 1)
      controller.abort(new Error('enough'))
      await outcome
      expect(api.seen).toHaveLength(answers)
    })

    it('refuses a source that would send no token anywhere', async () => {
      const { tokens } = await source('https://orders.example.org')
      const silent = { ...tokens, allowedOrigins: [] }
      const error = await failureOf(() => connect(silent))
      expect(error).toMatchObject({ code: 'invalid_option', kind: 'configuration' })
      expect(error.message).toMatch(/^expected "allowedOrigins" of the token source for \w+, found/)
    })

    it.each([
      ['answers 403', (response: ServerResponse) => void response.writeHead(403).end('no')],
      ['breaks off', (response: ServerResponse) => void response.socket?.destroy()],
    ])('keeps the token out of what is printed when the API %s', async (_, answer) => {
      const api = await start((__, response) => answer(response))
      const { tokens, send } = await source(api.origin)
      const token = await tokens.getToken()
      const outcome = await send(api.origin, { throws: true }).catch((error: unknown) => error)
      expect(api.seen).toEqual([`Bearer ${token}`])
      expect(inspect(outcome, { depth: 10 })).not.toContain(token)
      expect(JSON.stringify(outcome)).not.toContain(token)
    })

    it('hands on the 401 of an API that refuses every token', async () => {
      const api = await start(
        (_, response) => void response.writeHead(401, INVALID_TOKEN).end('no'),
      )
      const { verifier, send } = await source(api.origin)
      expect(await send(api.origin)).toEqual({ status: 401, text: 'no' })
      expect(api.seen).toHaveLength(2)
      expect(await send(api.origin)).toEqual({ status: 401, text: 'no' })
      expect(api.seen).toHaveLength(3)
      expect(verifier.requests.token).toBe(2)
    })

    it('lets the failure to get a token through, and sends nothing', async () => {
      const api = await start((_, response) => response.end())
      const { verifier, send } = await source(api.origin)
      verifier.fail('token', 'status-403')
      const failure = await send(api.origin).catch((error: unknown) => error as Error)
      const errors = [failure, (failure as Error).cause] as { code?: string; message?: string }[]
      const messages = errors.map((error) => error?.message ?? '').join()
      expect(messages).toContain('found status 403, without a reason')
      expect(api.seen).toEqual([])
    })
  })
}
