import { createTokenSource } from '@verifier-guard/client'
import { createResourceServer, systemRuntime } from '@verifier-guard/core'
import { auditTrail } from '@verifier-guard/core/audit'
import { explainToken } from '@verifier-guard/core/explain'
import { protect, requiredScopes } from '@verifier-guard/fetch'
import { auth, authOf, type AuthEnv } from '@verifier-guard/fetch/hono'
import { startTelemetry } from '@verifier-guard/opentelemetry'
import { nodeRedisStore } from '@verifier-guard/redis'
import { Hono } from 'hono'

const resourceServer = createResourceServer({
  issuer: 'https://verifier.example.org/verifier',
  profile: 'eudistack',
  runtime: { ...systemRuntime, now: () => 0 },
  dpop: {
    replay: {
      store: nodeRedisStore({ set: () => Promise.resolve('OK'), pTTL: () => Promise.resolve(1) }),
    },
  },
})

export const handler = protect(
  (_request, caller) => Response.json({ by: caller.clientId }),
  resourceServer,
  { requirement: requiredScopes('orders:read') },
)

export const app = new Hono<AuthEnv>()
app.use(auth(resourceServer)).get('/', (c) => c.json({ by: authOf(c).clientId }))

export const tokens = createTokenSource({
  verifier: 'https://verifier.example.org/verifier',
  credential: 'e30.e30.AA',
  privateKey: new Uint8Array(32),
})
export const explanation = explainToken('e30.e30.AA', {
  issuer: 'https://verifier.example.org/verifier',
  profile: 'eudistack',
})
export const trail = auditTrail({ write: () => {} })
export const telemetry = startTelemetry()
