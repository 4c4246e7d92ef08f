// expected: TS2345 TS2322
import { createResourceServer } from '@verifier-guard/core'

const issuer = 'https://verifier.example.org'
const keys = { keys: [] }
const jwksUri = 'https://verifier.example.org/jwks'

createResourceServer({ issuer, audience: 'api', jwksUri, keys })
createResourceServer({ issuer: { issuer, jwksUri, keys }, audience: 'api' })
