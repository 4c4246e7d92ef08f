import type { Call, Route } from './application.js'

/** What a handler saw of its caller. */
function seen({ auth }: Call) {
  if (auth === undefined) return { caller: null }
  const { issuer, subject, clientId, scopes, tenant, kind, powers, expiresAt, mandate } = auth
  const organization = mandate?.mandator.organizationIdentifier
  return {
    caller: { issuer, subject, clientId, scopes, tenant, kind, powers, expiresAt, organization },
  }
}

/** Where lists are trusted, but never fetched: `fetch` refuses the port. */
export const LOST_LISTS = 'http://127.0.0.1:1/lists'

/** The option `status` for them. */
export const status = {
  lists: [
    {
      url: LOST_LISTS,
      keys: {
        keys: [
          {
            kty: 'EC',
            crv: 'P-256',
            x: 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI',
            y: 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU',
          },
        ],
      },
    },
  ],
} as const

export const power = { domain: 'DOME', function: 'ProductOffering', action: 'Create' }

/** Every route of the contract, in the terms of whatever adapter is driven. */
export const routes: readonly Route[] = [
  { method: 'get', path: '/me', handle: seen },
  { method: 'options', path: '/asked', handle: seen },
  {
    method: 'post',
    path: '/scopes',
    requirement: ({ requiredScopes }) => requiredScopes(['orders:read', 'orders:write']),
    handle: seen,
  },
  {
    method: 'get',
    path: '/power',
    requirement: ({ requiredPower }) => requiredPower(power),
    handle: seen,
  },
  {
    method: 'get',
    path: '/tenant',
    requirement: ({ requiredTenant, header }) =>
      requiredTenant((request) => header(request, 'x-wanted-tenant')),
    handle: seen,
  },
  {
    method: 'get',
    path: '/claim',
    requirement: ({ requiredClaim }) => requiredClaim('team', { equals: 'red' }),
    handle: seen,
  },
  {
    method: 'get',
    path: '/kind',
    requirement: ({ requiredKind }) => requiredKind('machine'),
    handle: seen,
  },
  {
    method: 'get',
    path: '/any',
    requirement: ({ anyOf, requiredScopes, requiredPower }) =>
      anyOf(requiredScopes('orders:write'), requiredPower(power)),
    handle: seen,
  },
  {
    method: 'get',
    path: '/all',
    requirement: ({ allOf, requiredScopes, requiredPower }) =>
      allOf(requiredScopes('orders:write'), requiredPower(power)),
    handle: seen,
  },
  {
    method: 'get',
    path: '/status',
    requirement: ({ requiredStatus }) => requiredStatus(),
    handle: seen,
  },
  {
    method: 'get',
    path: '/careless',
    requirement: ({ requiredRule }) =>
      requiredRule('a rule that fails', () => {
        throw new Error('detail of the rule')
      }),
    handle: seen,
  },
  {
    method: 'get',
    path: '/broken',
    handle: () => {
      throw new Error('the application itself failed')
    },
  },
]
