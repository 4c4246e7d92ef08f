import type * as Support from '../src/support.js'
import type * as Core from '../src/index.js'
import { mint, START, trust } from '../../../test/dpop/api.js'

/** This package as it is on a runtime without Node's own cryptography. */
function onWebCrypto(): typeof Support & typeof Core {
  const asked = jest.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined)
  let loaded: unknown
  jest.isolateModules(() => {
    loaded = {
      ...jest.requireActual<typeof Core>('../src/index.js'),
      ...jest.requireActual<typeof Support>('../src/support.js'),
    }
  })
  asked.mockRestore()
  return loaded as typeof Support & typeof Core
}

test('the event of a refused requirement comes before its answer', async () => {
  const { createGuard, requiredScopes } = onWebCrypto()
  const order: string[] = []
  const guard = createGuard({
    ...trust,
    runtime: { now: () => START * 1_000 },
    events: { denied: () => void order.push('event') },
  })
  const request = { headers: { authorization: `Bearer ${mint()}` } }
  const exchange = { request, key: request, ended: () => {} }
  const { auth } = await guard.authenticate(exchange)
  const refused = async () => guard.authorize(auth, requiredScopes('orders:read'), exchange)
  await refused().catch(() => order.push('answer'))
  expect(order).toEqual(['event', 'answer'])
  guard.close()
})
