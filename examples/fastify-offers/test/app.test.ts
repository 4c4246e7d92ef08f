import { describeOffers } from '../../../test/examples/offers.js'
import { createApp } from '../src/app.js'

describeOffers(async (issuer) => {
  const app = createApp({ issuer, profile: 'eudistack' })
  return { address: await app.listen({ host: '127.0.0.1', port: 0 }), stop: () => app.close() }
})
