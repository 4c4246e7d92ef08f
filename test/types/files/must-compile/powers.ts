import { allOf, anyOf, requiredPower, requiredTenant, type Requirement } from '@verifier-guard/core'

const offers = { function: 'ProductOffering', action: 'Create' }

export const requirements: readonly Requirement[] = [
  requiredPower({ domain: 'DOME', ...offers }),
  requiredPower({
    domain: 'DOME',
    anyDomain: false,
    function: 'ProductOffering',
    action: ['Create', 'Update'],
  }),
  requiredPower({
    anyDomain: true,
    ...offers,
    type: 'organization',
    caseSensitive: true,
    wildcard: true,
  }),
  allOf(requiredTenant('acme'), anyOf(requiredPower({ domain: 'DOME', ...offers }))),
]

const hostOf = (request: Request) => new URL(request.url).hostname.split('.')[0]
export const ofHost: Requirement<Request> = allOf(
  requiredTenant(hostOf),
  requiredPower({ domain: hostOf, ...offers }),
)
