// expected: TS2345 TS2345 TS2345 TS2345
import { createTokenSource } from '@verifier-guard/client'

const verifier = 'https://verifier.example.org'
const authorizationServer = 'https://auth.example.org'
const credential = 'credential'

createTokenSource({ verifier, credential })
createTokenSource({ verifier, privateKey: 'key' })
createTokenSource({ authorizationServer, clientId: 'orders' })
createTokenSource({ authorizationServer, clientSecret: 'secret' })
