import { startDevVerifier } from '@verifier-guard/dev-verifier'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createTokenSource, type TokenSource } from '../src/index.js'
import { closing, holdRuntime, serve } from './support.js'

/** What a piece of glue does with one request. */
export type Send = (
  url: string,
  options?: { body?: string; authorization?: string },
) => Promise<{ status: number; text: string }>

const INVALID_TOKEN = { 'www-authenticate': 'Bearer error="invalid_token"' }

/**
 * The cases that every piece of glue must pass.
 *
 * @param connect makes a sender over a token source; each sender follows redirects.
 * @param streamsBodies whether bodies are streams by the time the glue sees them, which cannot be
 *   sent again.
 */
export function describeGlue(
  name: string,
  connect: (tokens: TokenSource) => Send,
  { streamsBodies = false } = {},
): void {
  const start = async (
    answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
  ) => {
    const seen: string[] = []
    const origin = await serve((request, response) => {
      request.resume().on('end', () => {
        seen.push(request.headers.authorization ?? 'none')
        answer(request, response, seen.length)
      })
    })
    return { origin, seen }
  }
  const source = async (...allowedOrigins: string[]) => {
    // Time stands still: however long calls take, a token is dropped once and does not expire.
    const runtime = holdRuntime()
    const verifier = closing(await startDevVerifier({ runtime: { now: runtime.now } }))
    const { credential, privateKey } = verifier.issueMachineCredential()
    const options = {
      verifier: verifier.issuer,
      credential,
      privateKey: privateKey.hex,
      allowedOrigins,
      tries: 1,
    }
    const tokens = closing(createTokenSource({ ...options, runtime }))
    return { verifier, tokens, send: connect(tokens) }
  }

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
      if (streamsBodies)
        expect(await send(api.origin, { body: 'x' })).toEqual({ status: 401, text: 'answer 1' })
      expect(await send(api.origin, { body: 'x' })).toEqual({ status: 200, text: 'answer 2' })
      expect(api.seen).toHaveLength(2)
      expect(api.seen[0]).not.toBe(api.seen[1])
      expect(api.seen[1]).toBe(`Bearer ${await tokens.getToken()}`)
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
      const told = errors.map((error) => error?.message ?? '').join()
      expect(told).toContain('found status 403, without a reason')
      expect(api.seen).toEqual([])
    })
  })
}
