import type { ErrorCode } from '@verifier-guard/core'
import { createArena, runAttacks, type Attack } from './arena.js'

const HOUR = 3_600
const now = () => Math.floor(Date.now() / 1_000)

const NO_DATES = ['1', '', null, true, [], {}, [1], '2030-01-01T00:00:00Z']
const NO_STRINGS = [null, 1, true, [], {}, ['a']]
const NO_LISTS = [null, 1, true, {}, [1], [null], [['a']], ['a', 1]]

/**
 * Values of another type than each registered claim has. `1e999` is infinite to every JSON parser.
 */
const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  exp: NO_DATES,
  nbf: NO_DATES,
  iat: NO_DATES,
  sub: NO_STRINGS,
  jti: NO_STRINGS,
  client_id: NO_STRINGS,
  azp: NO_STRINGS,
  tenant: NO_STRINGS,
  aud: NO_LISTS,
  scope: NO_LISTS,
  scp: NO_LISTS,
}

runAttacks('RFC 7519 §4.1: registered claims of a wrong type', [
  ...Object.entries(WRONG).flatMap(([name, values]) =>
    values.map((value): Attack => ({
      title: `${name} ${JSON.stringify(value)}`,
      token: ({ sealed }) => sealed({}, { [name]: value }),
      code: 'claim_invalid',
    })),
  ),
  ...['exp', 'nbf', 'iat'].flatMap((name) =>
    ['1e999', '-1e999'].map((number): Attack => ({
      title: `${name} ${number}`,
      token: ({ sealedText, kid, claims }) =>
        sealedText(
          `{"alg":"ES256","kid":"${kid}"}`,
          JSON.stringify({ ...claims, [name]: 0 }).replace(`"${name}":0`, `"${name}":${number}`),
        ),
      code: 'claim_invalid',
    })),
  ),
])

interface Timed {
  readonly title: string
  readonly claims: () => Readonly<Record<string, unknown>>
  readonly code: ErrorCode
}

const TIMED: readonly Timed[] = [
  { title: '§4.1.4 exp an hour ago', claims: () => ({ exp: now() - HOUR }), code: 'token_expired' },
  {
    title: '§4.1.4 exp beyond the tolerance',
    claims: () => ({ exp: now() - 31 }),
    code: 'token_expired',
  },
  { title: '§4.1.4 exp zero', claims: () => ({ exp: 0 }), code: 'token_expired' },
  { title: '§4.1.4 exp before 1970', claims: () => ({ exp: -1 }), code: 'token_expired' },
  { title: '§4.1.4 exp minus zero', claims: () => ({ exp: -0 }), code: 'token_expired' },
  { title: '§4.1.4 no exp', claims: () => ({ exp: undefined }), code: 'claim_invalid' },
  {
    title: '§4.1.4 exp in milliseconds',
    claims: () => ({ exp: (now() + HOUR) * 1_000 }),
    code: 'claim_invalid',
  },
  {
    title: '§4.1.4 exp at the end of time',
    claims: () => ({ exp: Number.MAX_VALUE }),
    code: 'claim_invalid',
  },
  {
    title: '§4.1.5 nbf in an hour',
    claims: () => ({ nbf: now() + HOUR }),
    code: 'token_not_yet_valid',
  },
  {
    title: '§4.1.5 nbf beyond the tolerance',
    claims: () => ({ nbf: now() + 40 }),
    code: 'token_not_yet_valid',
  },
  {
    title: '§4.1.5 nbf at the end of time',
    claims: () => ({ nbf: Number.MAX_VALUE }),
    code: 'token_not_yet_valid',
  },
  {
    title: '§4.1.6 iat in an hour',
    claims: () => ({ iat: now() + HOUR }),
    code: 'token_not_yet_valid',
  },
  {
    title: '§4.1.6 iat in milliseconds',
    claims: () => ({ iat: now() * 1_000 }),
    code: 'token_not_yet_valid',
  },
]

runAttacks(
  'RFC 7519 §4.1.4 to §4.1.6: time',
  TIMED.map(({ title, claims, code }) => ({
    title,
    code,
    token: ({ sealed }) => sealed({}, claims()),
  })),
)

runAttacks('RFC 7519 §4.1.3: audience', [
  ...['https://other-api.example.com', '', 'https://verifier.example.test/verifier/', '*'].map(
    (aud): Attack => ({
      title: `aud ${JSON.stringify(aud)}`,
      token: ({ sealed }) => sealed({}, { aud }),
      code: 'audience_mismatch',
    }),
  ),
  {
    title: 'aud with all but the case of the right one',
    token: ({ sealed, verifier }) => sealed({}, { aud: verifier.issuer.toUpperCase() }),
    code: 'audience_mismatch',
  },
  {
    title: 'aud without an entry',
    token: ({ sealed }) => sealed({}, { aud: [] }),
    code: 'audience_mismatch',
  },
  { title: 'no aud', token: ({ sealed }) => sealed({}, { aud: undefined }), code: 'claim_invalid' },
])

runAttacks('RFC 7800 §3, RFC 9449 §6 and RFC 8705 §3: tokens bound to a key', [
  ...[{ jkt: 'AAAA' }, { 'x5t#S256': 'AAAA' }, { jwk: {} }, { kid: 'a' }, {}, null, 'text'].map(
    (cnf): Attack => ({
      title: `cnf ${JSON.stringify(cnf)}`,
      token: ({ sealed }) => sealed({}, { cnf }),
      code: 'token_bound',
    }),
  ),
])

runAttacks('RFC 7519 §7.2: size is checked before anything is parsed', [
  {
    title: 'a genuine token of more than 16 384 characters',
    token: ({ sealed }) => sealed({}, { note: 'x'.repeat(16_384) }),
    code: 'token_too_large',
  },
  { title: 'a megabyte of nothing', token: () => 'A'.repeat(2 ** 20), code: 'token_too_large' },
  { title: 'a megabyte of dots', token: () => '.'.repeat(2 ** 20), code: 'token_too_large' },
])

/** Names that every object has from its prototype, or that code may look up. */
const PROTOTYPE_NAMES = [
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'prototype',
  'then',
  'toJSON',
  'length',
]

test.each(PROTOTYPE_NAMES)('a claim named %s is a claim like any other', async (name) => {
  const arena = createArena()
  const { claims } = await arena.admits(arena.sealed({ [name]: 'x' }, { [name]: { admin: true } }))
  expect(Object.hasOwn(claims, name)).toBe(true)
  expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  arena.close()
})

/** What an application may hand over that its own caller chose the type of, as in a message. */
test.each([
  null,
  0,
  1,
  true,
  [],
  ['a.b.c'],
  {},
  { length: 1 },
  { token: 'a' },
  () => 'a',
  Symbol('a'),
  new Date(0),
])('verifyAccessToken of something that is no text is a denial: %p', async (value) => {
  const arena = createArena()
  const verdict = arena.verifyAccessToken(value as string)
  await expect(verdict).rejects.toMatchObject({ code: 'token_malformed', status: 401 })
  arena.close()
})

test('verifyAccessToken of nothing is a missing token', async () => {
  const arena = createArena()
  await expect(arena.verifyAccessToken(undefined as unknown as string)).rejects.toMatchObject({
    code: 'token_missing',
  })
  await expect(arena.verifyAccessToken('')).rejects.toMatchObject({ code: 'token_malformed' })
  arena.close()
})
