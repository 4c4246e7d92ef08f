import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { describeOffers } from '../../../test/examples/offers.js'
import { createApp } from '../src/app.js'

describeOffers(async (issuer) => {
  const { fetch } = createApp({ issuer, profile: 'eudistack' })
  const server = serve({ fetch, hostname: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { address: `http://127.0.0.1:${port}`, stop: () => server.close() }
})

test('guards whatever is added below its path', async () => {
  const app = createApp({
    issuer: 'http://127.0.0.1:9',
    profile: 'eudistack',
    keySet: { prefetch: false },
  })
  app.get('/offers/:name', (c) => c.text('in'))
  for (const path of ['/offers', '/offers/', '/offers/chairs'])
    expect((await app.request(path)).status).toBe(401)
})
