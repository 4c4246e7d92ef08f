// expected: TS2820 TS2322 TS2820 TS2322 TS2345 TS2353
import { createResourceServer, requiredKind } from '@verifier-guard/core'

const issuer = 'https://verifier.example.org'

createResourceServer({ issuer, profile: 'eudistak' })
createResourceServer({ issuer, profile: 'oauth2' })
createResourceServer({ issuer, audience: 'api', algorithms: ['HS256'] })
createResourceServer({ issuer, audience: 'api', algorithms: ['none'] })
requiredKind('robot')
createResourceServer({ issuer, audience: 'api', verifySignature: false })
