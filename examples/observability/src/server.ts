import { createResourceServer } from '@verifier-guard/express'
import { createApp } from './app.js'
import { serveMetrics } from './telemetry.js'

const { VERIFIER, PORT = '3000', METRICS_PORT = '9464' } = process.env
if (!VERIFIER) {
  console.error(
    'Set VERIFIER to the issuer, for instance https://verifier.example.org/verifier; PORT and METRICS_PORT are optional.',
  )
  process.exit(1)
}

const endMetrics = await serveMetrics(Number(METRICS_PORT))
const resourceServer = createResourceServer({
  issuer: VERIFIER,
  profile: 'eudistack',
  correlationId: true,
  events: {
    denied: (event) => console.warn(JSON.stringify({ time: new Date().toISOString(), ...event })),
  },
})
const server = createApp(resourceServer).listen(Number(PORT), () =>
  console.log(
    `Orders on http://127.0.0.1:${PORT}/orders, metrics on http://127.0.0.1:${METRICS_PORT}/metrics`,
  ),
)
process.once('SIGTERM', () => {
  server.close()
  resourceServer.close()
  void endMetrics()
})
