import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { Hono } from 'hono'
import { auth, createResourceServer, type GuardEvents } from '../src/hono.js'

test('a request is decided on once, also where its handler throws what is no error', async () => {
  const verifier = createDevVerifier()
  const events: GuardEvents['allowed'][] = []
  const server = createResourceServer({
    issuer: verifier.issuer,
    profile: 'eudistack',
    runtime: { fetch: verifier.fetch },
    events: { allowed: (event) => void events.push(event) },
  })
  const app = new Hono()
  app.use('*', auth(server))
  app.get('/orders', () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw 'a text'
  })
  const headers = { authorization: `Bearer ${verifier.mint()}` }
  const answer = (async () => app.request('/orders', { headers }))()
  await expect(answer).rejects.toBe('a text')
  expect(events).toMatchObject([{ route: '/orders' }])
  server.close()
})
