import { describeOffers } from '../../../test/examples/offers.js'
import { createApp } from '../src/app.js'

describeOffers(async (issuer) => {
  const app = await createApp({ issuer, profile: 'eudistack' })
  await app.listen(0, '127.0.0.1')
  return { address: await app.getUrl(), stop: () => app.close() }
})
