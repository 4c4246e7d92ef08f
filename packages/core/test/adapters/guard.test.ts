import { createGuard } from '../../src/adapters/guard.js'

const options = { issuer: 'https://verifier.example.org', profile: 'eudistack' } as const

test.each(['false', '', 0, 1, null, {}])(
  '"optional" is a switch, not %j: what is only like false must not open a route',
  (value) => {
    const authOptions = { optional: value } as unknown as { optional: boolean }
    expect(() => createGuard(options, authOptions)).toThrow(/"optional" as true or false, found/)
  },
)

test.each([true, false, undefined])('"optional" may be %s', (optional) => {
  const guard = createGuard(options, optional === undefined ? {} : { optional })
  const request = { headers: {} }
  const decide = async () => guard.authenticate({ request, key: request, ended: () => {} })
  const decision = decide().then(
    ({ auth }) => auth,
    ({ code }: { code: string }) => code,
  )
  guard.server.close()
  return expect(decision).resolves.toBe(optional === true ? undefined : 'token_missing')
})

test.each([
  [
    'an address',
    'https://verifier.example.org',
    /write auth\(\{ issuer: "https:\/\/verifier\.example\.org"/,
  ],
  ['nothing', undefined, /found none: pass the options of createResourceServer/],
])('%s in the place of options says what to write', (_, given, message) => {
  expect(() => createGuard(given as never)).toThrow(message)
})
