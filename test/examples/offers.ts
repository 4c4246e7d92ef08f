import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'

/** A started example, and how to end it. */
export interface Running {
  readonly address: string
  readonly stop: () => unknown
}

type Headers = Readonly<Record<string, string>>

/** Writes an offer as most of the examples take it: a JSON body with its name. */
const post = (address: string, name: unknown, headers: Headers): Promise<Response> =>
  fetch(`${address}/offers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ name }),
  })

/** Writes an offer as an example without a body parser takes it: its name in the path. */
export const put = (address: string, name: unknown, headers: Headers): Promise<Response> =>
  fetch(`${address}/offers/${String(name)}`, { method: 'PUT', headers })

/**
 * What the offers API does, whatever framework it is written for: started on a port and called over
 * HTTP.
 */
export function describeOffers(
  start: (issuer: string) => Promise<Running>,
  write: typeof post = post,
): void {
  describe('the offers API', () => {
    let verifier: DevVerifier
    let running: Running

    beforeAll(async () => {
      verifier = await startDevVerifier()
      running = await start(verifier.issuer)
    })
    afterAll(async () => {
      await running.stop()
      await verifier.close()
    })

    const bearer = (organizationIdentifier: string, ...action: string[]): Headers => {
      const powers = [{ type: 'domain', domain: 'DOME', function: 'ProductOffering', action }]
      return {
        authorization: `Bearer ${verifier.mint({ powers, mandator: { organizationIdentifier } })}`,
      }
    }
    const reading = (headers: Headers = {}) => fetch(`${running.address}/offers`, { headers })
    const writing = (name: unknown, headers: Headers = {}) => write(running.address, name, headers)

    test('takes an offer and shows it to its own organisation only', async () => {
      const ours = bearer('VATES-B12345678', 'Read', 'Create')
      const created = await writing('chairs', ours)
      expect(created.status).toBe(201)
      expect(await created.json()).toEqual({ name: 'chairs', organization: 'VATES-B12345678' })

      const listed = await reading(ours)
      expect(listed.status).toBe(200)
      expect(await listed.json()).toEqual([{ name: 'chairs', organization: 'VATES-B12345678' }])
      expect(await (await reading(bearer('VATES-C00000000', 'Read'))).json()).toEqual([])
    })

    test('asks for a token', async () => {
      for (const refused of [await reading(), await writing('tables')]) {
        expect(refused.status).toBe(401)
        expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="api"')
      }
    })

    test('asks for a token however a path is spelled', async () => {
      for (const path of [
        '/OFFERS',
        '/Offers/chairs',
        '/offers/',
        '/offers/CHAIRS',
        '//offers',
        '/%6Fffers',
      ]) {
        expect([401, 404]).toContain((await fetch(running.address + path)).status)
      }
    })

    test('asks for the power of each route', async () => {
      const others = [
        await reading(bearer('VATES-B12345678', 'Create')),
        await writing('tables', bearer('VATES-B12345678', 'Read')),
      ]
      for (const refused of others) {
        expect(refused.status).toBe(403)
        expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
        expect(await refused.json()).toMatchObject({ error: 'insufficient_scope' })
      }
      expect(
        JSON.stringify(await (await reading(bearer('VATES-B12345678', 'Read'))).json()),
      ).not.toContain('tables')
    })

    test('refuses callers whose mandate names no organisation', async () => {
      const without = bearer('', 'Read', 'Create')
      for (const refused of [await reading(without), await writing('tables', without)])
        expect(refused.status).toBe(403)
    })

    if (write === post) {
      test('answers a bad offer with 400, and keeps nothing of it', async () => {
        const other = bearer('VATES-D11111111', 'Read', 'Create')
        for (const name of [undefined, '', { of: 'chairs' }])
          expect((await writing(name, other)).status).toBe(400)
        expect(await (await reading(other)).json()).toEqual([])
      })
    } else {
      test('keeps one offer of each name', async () => {
        const other = bearer('VATES-D11111111', 'Read', 'Create')
        expect((await writing('lamps', other)).status).toBe(201)
        expect((await writing('lamps', other)).status).toBe(200)
        expect(await (await reading(other)).json()).toHaveLength(1)
      })
    }

    test('answers its health without a token', async () => {
      const health = await fetch(`${running.address}/health`)
      expect(health.status).toBe(200)
      expect(await health.json()).toEqual({ status: 'up' })
    })
  })
}
