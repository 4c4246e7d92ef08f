import type { GuardEvents, JwkSet, StatusListOptions } from '@verifier-guard/express'
import { createApp } from './app.js'

const { VERIFIER, STATUS_LISTS, STATUS_KEYS, PORT = '3000' } = process.env
if (!VERIFIER || !STATUS_LISTS || !STATUS_KEYS) {
  console.error(
    'Set VERIFIER to the issuer, STATUS_LISTS to the address below which status lists are, and STATUS_KEYS to the JWK Set of their signer.',
  )
  process.exit(1)
}

const status: StatusListOptions = {
  lists: [{ url: STATUS_LISTS, keys: JSON.parse(STATUS_KEYS) as JwkSet }],
  unavailable: { openFor: 600 },
}
const denied = ({ code, expected, actual, hint }: GuardEvents['denied']) =>
  console.warn({ code, expected, actual, hint })

const server = createApp({
  issuer: VERIFIER,
  profile: 'eudistack',
  status,
  events: { denied },
}).listen(Number(PORT), () =>
  console.log(`Offers on http://127.0.0.1:${PORT}/tenants/{tenant}/offers, tokens of ${VERIFIER}`),
)
process.once('SIGTERM', () => server.close())
