import type { ErrorCode } from '@verifier-guard/core'
import { encode } from '../differential/signer.js'
import { bearing, createArena, type Arena } from './arena.js'

const TAIL = 32

/** Changes to a token that is remembered, which keep the end by which it is found. */
const CHANGES: readonly (readonly [
  title: string,
  change: (token: string, arena: Arena) => string,
  code: ErrorCode,
])[] = [
  [
    'other claims',
    (token, { claims }) =>
      token.replace(/\..*\./, `.${encode(JSON.stringify({ ...claims, sub: 'admin' }))}.`),
    'signature_invalid',
  ],
  [
    'another header',
    (token, { kid }) => token.replace(/^[^.]*/, encode(`{"alg":"ES256","kid":"${kid}"}`)),
    'signature_invalid',
  ],
  [
    'the algorithm none',
    (token) => token.replace(/^[^.]*/, encode('{"alg":"none"}')),
    'algorithm_not_allowed',
  ],
  ['its end alone', (token) => token.slice(-TAIL), 'token_malformed'],
  ['its signature alone', (token) => `..${token.split('.')[2]!}`, 'token_malformed'],
  ['another letter at the start', (token) => `f${token.slice(1)}`, 'token_malformed'],
  ['something before it', (token) => `x${token}`, 'token_malformed'],
  [
    'one letter of the signature',
    (token) => replaceAt(token, token.length - TAIL - 1),
    'signature_invalid',
  ],
]

const replaceAt = (token: string, at: number) =>
  token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)

test.each(CHANGES)('a remembered token vouches for itself only: %s', async (_, change, code) => {
  const arena = createArena()
  const token = arena.mint()
  await arena.admits(token)
  const forged = change(token, arena)
  expect(forged.slice(-TAIL)).toBe(token.slice(-TAIL))
  for (let time = 0; time < 3; time += 1) await arena.refuses(forged, code)
  await arena.admits(token)
  arena.close()
})

test('what was refused is checked anew each time, and nothing of it is remembered', async () => {
  const arena = createArena()
  const bad = arena.sealed({}, { aud: 'another API' })
  for (let time = 0; time < 3; time += 1) await arena.refuses(bad, 'audience_mismatch')
  expect(arena.denied.map(({ code }) => code)).toEqual(Array(3).fill('audience_mismatch'))
  arena.close()
})

test('500 attacks and good tokens at once: each gets its own answer, and none causes another fetch', async () => {
  const arena = createArena()
  const good = Array.from({ length: 50 }, () => arena.mint())
  await arena.admits(good[0]!)
  const before = arena.fetched.length
  const answers = await Promise.all(
    Array.from({ length: 500 }, (_, index) => {
      const token =
        index % 2 === 0
          ? good[(index / 2) % good.length]!
          : arena.sealed({}, { aud: `other ${index}` })
      return arena.authenticate(bearing(token)).then(
        (auth) => auth.token === token,
        ({ code }: { code: string }) => code,
      )
    }),
  )
  expect(answers).toEqual(answers.map((_, index) => (index % 2 === 0 ? true : 'audience_mismatch')))
  expect(arena.fetched).toHaveLength(before)
  arena.close()
})

test('what a caller gets to see can not be changed for the next one', async () => {
  const arena = createArena()
  const token = arena.mint()
  await arena.admits(token)
  await arena.admits(token)
  // From its second sight on the token is remembered, with what every later caller sees.
  const auth = await arena.admits(token)
  const write = (target: object, name: string) => Reflect.set(target, name, 'changed')
  for (const part of [
    auth,
    auth.claims,
    auth.header,
    auth.scopes,
    auth.powers,
    auth.powers[0],
    auth.mandate,
    auth.credential,
  ])
    expect(write(part as object, '0')).toBe(false)
  expect(await arena.admits(token)).toBe(auth)
  arena.close()
})
