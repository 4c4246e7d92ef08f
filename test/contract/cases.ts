import type { MintOptions } from '@verifier-guard/dev-verifier'
import { LOST_LISTS, power } from './routes.js'
import { FRONTEND, type World } from './world.js'

/** What is sent: a list of values sends the field once for each. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[]>>

/** One request and the one answer that every adapter gives to it. */
export interface Case {
  /** The part of RFC 6750 or of our own rules that it belongs to. */
  readonly rule: string
  readonly title: string
  /** Default: `GET /api/me`. */
  readonly request?: string
  readonly headers?: (world: World) => RequestHeaders
  readonly status: number
  /** The challenge in full; default: none. */
  readonly challenge?: string
  /** The body in full; a function gets to see the world. Default: not looked at. */
  readonly body?: object | ((world: World) => object)
  readonly retryAfter?: true
  /** Drivers that can't be asked this. */
  readonly except?: RegExp
}

const bearer =
  (options?: MintOptions) =>
  ({ verifier }: World) => ({ authorization: `Bearer ${verifier.mint(options)}` })
const field =
  (...values: readonly string[]) =>
  () => ({ authorization: values.length === 1 ? values[0]! : values })

/** A token whose credential states a list that is out of reach. */
function lostStatus(world: World) {
  const { vc } = JSON.parse(atob(world.verifier.mint().split('.')[1]!)) as {
    vc: Record<string, string>
  }
  const form = { type: 'BitstringStatusListEntry', statusPurpose: 'revocation' }
  const credentialStatus = {
    ...form,
    statusListIndex: '1',
    statusListCredential: `${LOST_LISTS}/1`,
  }
  return bearer({ credential: { ...vc, credentialStatus } })(world)
}

const granted = {
  body: { caller: expect.objectContaining({ kind: 'machine' }) as unknown },
  status: 200,
}
const missing = {
  status: 401,
  challenge: 'Bearer realm="api"',
  body: { error_description: 'An access token is required' },
}
const malformed = refusal(
  400,
  'invalid_request',
  'The request carries malformed or more than one credential',
)
const invalid = refusal(401, 'invalid_token', 'The access token is invalid')
const expired = refusal(401, 'invalid_token', 'The access token expired')
const insufficient = refusal(
  403,
  'insufficient_scope',
  'The access token does not grant this request',
)
const unavailable = {
  status: 503,
  retryAfter: true as const,
  body: {
    error: 'temporarily_unavailable',
    error_description: 'The access token cannot be checked at the moment',
  },
}
const withScope = (scope: string) => ({
  ...insufficient,
  challenge: `${insufficient.challenge}, scope="${scope}"`,
})

function refusal(status: number, error: string, description: string) {
  return {
    status,
    challenge: `Bearer realm="api", error="${error}", error_description="${description}"`,
    body: { error, error_description: description },
  }
}

const rights: readonly Omit<Case, 'rule'>[] = [
  {
    title: 'every scope',
    request: 'POST /api/scopes',
    headers: bearer({ scope: 'orders:write orders:read' }),
    ...granted,
  },
  {
    title: 'one scope of two',
    request: 'POST /api/scopes',
    headers: bearer({ scope: 'orders:read' }),
    ...withScope('orders:read orders:write'),
  },
  {
    title: 'no scope',
    request: 'POST /api/scopes',
    headers: bearer({ scope: '' }),
    ...withScope('orders:read orders:write'),
  },
  {
    title: 'the power',
    request: 'GET /api/power',
    headers: bearer({ powers: [power] }),
    ...granted,
  },
  {
    title: 'a power for another action',
    request: 'GET /api/power',
    headers: bearer({ powers: [{ ...power, action: 'Read' }] }),
    ...insufficient,
  },
  {
    title: 'a power in another domain',
    request: 'GET /api/power',
    headers: bearer({ powers: [{ ...power, domain: 'OTHER' }] }),
    ...insufficient,
  },
  {
    title: 'one of two by scope',
    request: 'GET /api/any',
    headers: bearer({ scope: 'orders:write', powers: [] }),
    ...granted,
  },
  {
    title: 'one of two by power',
    request: 'GET /api/any',
    headers: bearer({ powers: [power] }),
    ...granted,
  },
  {
    title: 'neither of two',
    request: 'GET /api/any',
    headers: bearer({ powers: [] }),
    ...withScope('orders:write'),
  },
  {
    title: 'both of two',
    request: 'GET /api/all',
    headers: bearer({ scope: 'orders:write', powers: [power] }),
    ...granted,
  },
  {
    title: 'one where both are asked',
    request: 'GET /api/all',
    headers: bearer({ powers: [power] }),
    ...withScope('orders:write'),
  },
  {
    title: 'the claim',
    request: 'GET /api/claim',
    headers: bearer({ claims: { team: 'red' } }),
    ...granted,
  },
  {
    title: 'another claim',
    request: 'GET /api/claim',
    headers: bearer({ claims: { team: 'blue' } }),
    ...insufficient,
  },
  { title: 'the kind', request: 'GET /api/kind', headers: bearer(), ...granted },
  {
    title: 'another kind',
    request: 'GET /api/kind',
    headers: bearer({ kind: 'employee', audience: FRONTEND }),
    ...insufficient,
  },
  {
    title: 'the tenant of the request',
    request: 'GET /api/tenant',
    headers: (world) => ({ ...bearer({ tenant: 'acme' })(world), 'x-wanted-tenant': 'acme' }),
    ...granted,
  },
  {
    title: 'the tenant of another request',
    request: 'GET /api/tenant',
    headers: (world) => ({ ...bearer({ tenant: 'acme' })(world), 'x-wanted-tenant': 'umbrella' }),
    ...insufficient,
  },
  {
    title: 'a request without a tenant',
    request: 'GET /api/tenant',
    headers: bearer({ tenant: 'acme' }),
    ...insufficient,
  },
  {
    title: 'a rule of the application that throws',
    request: 'GET /api/careless',
    headers: bearer(),
    ...unavailable,
  },
]

const broken = [
  'expired',
  'wrong-issuer',
  'wrong-audience',
  'id-token',
  'unknown-key',
  'foreign-key',
  'tampered-payload',
  'alg-none',
] as const

/**
 * By the order of the rules: no credentials, malformed ones, bad tokens, missing rights, trouble at
 * the Verifier, and the frame around all.
 */
export const cases: readonly Case[] = [
  { rule: '§3 nothing sent', title: 'no credentials', ...missing },
  {
    rule: '§3 nothing sent',
    title: 'another scheme',
    headers: field('Basic dXNlcjpwYXNz'),
    ...missing,
  },
  {
    rule: '§3 nothing sent',
    title: 'a token in the query is not read',
    request: 'GET /api/me?access_token=a.b.c',
    ...missing,
  },
  {
    rule: '§3 nothing sent',
    title: 'no credentials where a right is asked',
    request: 'GET /api/power',
    ...missing,
  },

  {
    rule: '§3 nothing sent',
    title: 'HEAD',
    request: 'HEAD /api/me',
    status: 401,
    challenge: 'Bearer realm="api"',
  },
  {
    rule: '§3 nothing sent',
    title: 'OPTIONS, on a route of its own',
    request: 'OPTIONS /api/asked',
    ...missing,
  },

  { rule: '§2.1 header', title: 'a good token', headers: bearer(), ...granted },
  {
    rule: '§2.1 header',
    title: 'a good token by HEAD',
    request: 'HEAD /api/me',
    headers: bearer(),
    status: 200,
  },
  {
    rule: '§2.1 header',
    title: 'a good token by OPTIONS',
    request: 'OPTIONS /api/asked',
    headers: bearer(),
    ...granted,
  },
  {
    rule: '§2.1 header',
    title: 'the scheme in capitals',
    headers: ({ verifier }) => ({ authorization: `BEARER ${verifier.mint()}` }),
    ...granted,
  },
  {
    rule: '§2.1 header',
    title: 'no token after the scheme',
    headers: field('Bearer'),
    ...malformed,
  },
  {
    rule: '§2.1 header',
    title: 'two tokens in one field',
    headers: field('Bearer a.b.c, Bearer d.e.f'),
    ...malformed,
  },
  {
    rule: '§2.1 header',
    title: 'the field sent twice',
    headers: ({ verifier }) => ({
      authorization: [`Bearer ${verifier.mint()}`, `Bearer ${verifier.mint()}`],
    }),
    ...malformed,
  },

  {
    rule: '§2.1 header',
    title: 'another token in the query',
    request: 'GET /api/me?access_token=a.b.c',
    headers: bearer(),
    ...malformed,
  },

  { rule: '§3.1 token', title: 'no JWS', headers: field('Bearer opaque'), ...invalid },
  ...broken.map((name) => ({
    rule: '§3.1 token',
    title: name,
    headers: ({ verifier }: World) => ({ authorization: `Bearer ${verifier.mintBroken(name)}` }),
    ...(name === 'expired' ? expired : invalid),
  })),
  {
    rule: '§3.1 token',
    title: 'a token bound to a key',
    headers: bearer({ claims: { cnf: { jkt: 'x' } } }),
    ...invalid,
  },

  {
    rule: '§3.1 token',
    title: 'a token longer than any',
    // Node itself refuses such headers, unless its limit is raised.
    headers: field(`Bearer ${'a'.repeat(20_000)}`),
    except: /^nestjs/,
    ...invalid,
  },

  ...rights.map((right) => ({ rule: '§3.1 rights', ...right })),

  {
    rule: 'Verifier away',
    title: 'a token that cannot be checked',
    request: 'GET /unreachable/me',
    headers: ({ verifier, unreachable }) => ({
      authorization: `Bearer ${verifier.mint({ audience: unreachable, claims: { iss: unreachable } })}`,
    }),
    ...unavailable,
  },
  { rule: 'Verifier away', title: 'no credentials', request: 'GET /unreachable/me', ...missing },
  {
    rule: 'Verifier away',
    title: 'a token that is bad whatever its keys',
    request: 'GET /unreachable/me',
    headers: bearer(),
    ...invalid,
  },
  {
    rule: 'Verifier away',
    title: 'a status that cannot be looked up',
    request: 'GET /api/status',
    headers: lostStatus,
    ...unavailable,
  },

  {
    rule: 'optional',
    title: 'no credentials',
    request: 'GET /optional/me',
    status: 200,
    body: { caller: null },
  },
  {
    rule: 'optional',
    title: 'another scheme',
    request: 'GET /optional/me',
    headers: field('Basic dXNlcjpwYXNz'),
    status: 200,
    body: { caller: null },
  },
  {
    rule: 'optional',
    title: 'a good token',
    request: 'GET /optional/me',
    headers: bearer(),
    ...granted,
  },
  {
    rule: 'optional',
    title: 'a bad token',
    request: 'GET /optional/me',
    headers: field('Bearer opaque'),
    ...invalid,
  },
  {
    rule: 'optional',
    title: 'a malformed field',
    request: 'GET /optional/me',
    headers: field('Bearer'),
    ...malformed,
  },
  {
    rule: 'optional',
    title: 'no credentials where a right is asked',
    request: 'GET /optional/power',
    ...missing,
  },

  {
    rule: 'context',
    title: 'what the handler sees',
    headers: bearer({
      scope: 'orders:read',
      tenant: 'acme',
      powers: [power],
      claims: { sub: 'a', exp: 4_102_444_800 },
    }),
    status: 200,
    body: ({ verifier }) => ({
      caller: {
        issuer: verifier.issuer,
        subject: 'a',
        clientId: expect.stringMatching(/^did:key:/) as unknown,
        scopes: ['orders:read'],
        tenant: 'acme',
        kind: 'machine',
        powers: [
          { type: 'domain', domain: 'DOME', function: 'ProductOffering', actions: ['Create'] },
        ],
        expiresAt: 4_102_444_800,
        organization: expect.any(String) as unknown,
      },
    }),
  },

  {
    rule: 'answer',
    title: 'realm and correlation id',
    request: 'GET /v2/described/me',
    headers: field('Bearer opaque'),
    status: 401,
    challenge: invalid.challenge.replace('realm="api"', 'realm="orders \\"API\\""'),
    body: { ...invalid.body, correlation_id: expect.stringMatching(/^\w+$/) as unknown },
  },
  {
    rule: 'answer',
    title: 'realm without credentials',
    request: 'GET /v2/described/me',
    status: 401,
    challenge: 'Bearer realm="orders \\"API\\""',
  },

  {
    rule: 'guards',
    title: 'each mount trusts its own Verifier',
    request: 'GET /other/me',
    headers: ({ other }) => ({ authorization: `Bearer ${other.mint()}` }),
    ...granted,
  },
  {
    rule: 'guards',
    title: "another mount's token",
    request: 'GET /other/me',
    headers: bearer(),
    ...invalid,
  },
  {
    rule: 'guards',
    title: 'a requirement without a guard',
    request: 'GET /unguarded/power',
    headers: bearer({ powers: [power] }),
    status: 500,
  },
  {
    rule: 'guards',
    title: "the handler's own error",
    request: 'GET /api/broken',
    headers: bearer(),
    status: 500,
  },
  {
    rule: 'guards',
    title: "the handler's own error, which an anonymous caller does not reach",
    request: 'GET /api/broken',
    ...missing,
  },
  {
    rule: 'guards',
    title: 'what a proxy adds changes nothing',
    headers: (world) => ({
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-host': 'other.example.org',
      'x-forwarded-proto': 'https',
      'x-forwarded-authorization': bearer()(world).authorization,
    }),
    ...missing,
  },
]
