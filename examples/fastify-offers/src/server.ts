import { createApp } from './app.js'

const { VERIFIER, AUDIENCE, PORT = '3000' } = process.env
if (!VERIFIER) {
  console.error(
    'Set VERIFIER to the issuer, for instance https://verifier.example.org; AUDIENCE and PORT are optional.',
  )
  process.exit(1)
}

const app = createApp({
  issuer: VERIFIER,
  profile: 'eudistack',
  ...(AUDIENCE && { audience: AUDIENCE }),
  events: {
    denied: ({ code, expected, actual, hint }) => console.warn({ code, expected, actual, hint }),
  },
})

await app.listen({ port: Number(PORT), host: '0.0.0.0' })
console.log(`Offers on http://127.0.0.1:${PORT}/offers, tokens of ${VERIFIER}`)
process.once('SIGTERM', () => void app.close())
