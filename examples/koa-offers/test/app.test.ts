import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describeOffers, put } from '../../../test/examples/offers.js'
import { createApp } from '../src/app.js'

describeOffers(async (issuer) => {
  const server = createApp({ issuer, profile: 'eudistack' }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { address: `http://127.0.0.1:${port}`, stop: () => server.close() }
}, put)
