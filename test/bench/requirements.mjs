// What a route's requirements add to a warm request: one whose token was verified before. Runs on
// the built packages: `node test/bench/requirements.mjs`.
import {
  allOf,
  createResourceServer,
  requiredPower,
  requiredStatus,
  requiredTenant,
  systemRuntime,
} from '@verifier-guard/core'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { measure, summary } from './measure.mjs'

const CALLERS = 200
const OPERATIONS = 30_000
const ROUNDS = 15
const WARM_UP = 3

const FUNCTIONS = ['Catalog', 'Orders', 'Invoices', 'Contracts', 'ProductOffering']
const powers = FUNCTIONS.map((name) => ({
  type: 'domain',
  domain: 'kpmg',
  function: name,
  action: ['Create', 'Update'],
}))

const verifier = createDevVerifier()
const runtime = { ...systemRuntime, fetch: verifier.fetch }
const { statusLists: url, keys } = verifier.credentialIssuer
const server = createResourceServer({
  issuer: verifier.issuer,
  profile: 'eudistack',
  status: { lists: [{ url, keys }] },
  runtime,
})
// The power is the last of five, and its domain comes from the request, as the tenant does.
const power = requiredPower({
  domain: ({ tenant }) => tenant,
  function: 'ProductOffering',
  action: ['Create', 'Update'],
})
const tenant = requiredTenant(({ tenant }) => tenant)
const requirements = {
  requiredPower: power,
  requiredTenant: tenant,
  'requiredStatus, bitstring list': requiredStatus(),
  'requiredStatus, token list': requiredStatus(),
  'all of them': allOf(tenant, power, requiredStatus()),
}

const requestsWith = (form) =>
  Array.from({ length: CALLERS }, () => {
    const token = verifier.mint({ tenant: 'kpmg', powers, status: form })
    return { headers: { authorization: `Bearer ${token}` }, tenant: 'kpmg' }
  })
const bitstring = requestsWith('bitstring')
const cases = [
  { name: 'no requirement', requests: bitstring },
  ...Object.entries(requirements).map(([name, requirement]) => ({
    name,
    requirement,
    requests: name.endsWith('token list') ? requestsWith('token') : bitstring,
  })),
]

// A token is remembered from its second request on.
for (const { requests, requirement } of [...cases, ...cases]) {
  for (const request of requests) await server.authenticate(request, requirement)
}

const samples = new Map(cases.map(({ name }) => [name, []]))
for (let round = -WARM_UP; round < ROUNDS; round += 1) {
  // Every round takes all cases in turn, so that a busy machine disturbs them alike.
  for (const one of cases) {
    const sample = { request: await request(one), check: await check(one) }
    if (round >= 0) samples.get(one.name).push(sample)
  }
}
const floor = samples.get('no requirement')
console.log(
  `Node.js ${process.version}, ${OPERATIONS} warm requests of ${CALLERS} callers, ${ROUNDS} rounds; CPU time of the main thread;\nmedians, quartiles in brackets\n`,
)
console.table(Object.fromEntries([...samples].map(([name, own]) => [name, describe(own)])))
server.close()

/** A whole decision. */
function request({ requests, requirement }) {
  return measure((request) => server.authenticate(request, requirement), inTurn(requests), 1)
}

/** The requirement alone, for a caller who is known: what an adapter asks on a route. */
async function check({ requests, requirement }) {
  if (requirement === undefined) return { main: 0 }
  const known = await Promise.all(
    requests.map(async (request) => [await server.authenticate(request), request]),
  )
  const ask = ([caller, request]) => {
    if (server.authorize(caller, requirement, request) !== undefined)
      throw new Error('expected a requirement to be met at once, it takes time or refuses')
  }
  return measure(ask, inTurn(known), 1)
}

function inTurn(inputs) {
  return Array.from({ length: OPERATIONS }, (_, n) => inputs[n % CALLERS])
}

function describe(own) {
  const text = ({ median, q1, q3 }) => `${median.toFixed(2)} [${q1.toFixed(2)}, ${q3.toFixed(2)}]`
  return {
    'check, µs': text(summary(own.map(({ check }) => check.main))),
    'request, µs': text(summary(own.map(({ request }) => request.main))),
    'request, ratio': text(
      summary(own.map(({ request }, round) => request.main / floor[round].request.main)),
    ),
  }
}
