// Every call mixes two ways of which one could only be ignored, or leaves out what its way needs.
import { createTokenSource, type Signer } from '../../src/index.js'

declare const signer: Signer

const verifier = 'https://verifier.example.org'
const authorizationServer = 'https://auth.example.org'
const credential = 'credential'
const clientId = 'orders'
const privateKey = 'key'
const clientSecret = 'secret'
const clientAuthentication = 'client_secret_post'

// @ts-expect-error two authorization servers
createTokenSource({ verifier, credential, privateKey, authorizationServer, clientId })
// @ts-expect-error two holders of the key
createTokenSource({ verifier, credential, privateKey, signer })
// @ts-expect-error two holders of the key
createTokenSource({ authorizationServer, clientId, privateKey, signer })
// @ts-expect-error a key and a secret
createTokenSource({ authorizationServer, clientId, privateKey, clientSecret })
// @ts-expect-error a signer and a secret
createTokenSource({ authorizationServer, clientId, signer, clientSecret })
// @ts-expect-error a secret at a Verifier
createTokenSource({ verifier, credential, privateKey, clientSecret })
// @ts-expect-error a credential elsewhere
createTokenSource({ authorizationServer, clientId, clientSecret, credential })
// @ts-expect-error a tenant elsewhere
createTokenSource({ authorizationServer, clientId, clientSecret, tenant: 'kpmg' })
// @ts-expect-error a passphrase without a key that it opens
createTokenSource({ verifier, credential, signer, passphrase: 'p' })
// @ts-expect-error an algorithm beside a signer that has one of its own
createTokenSource({ authorizationServer, clientId, signer, algorithm: 'RS256' })
// @ts-expect-error an audience of an assertion that is never made
createTokenSource({ authorizationServer, clientId, clientSecret, assertionAudience: 'a' })
// @ts-expect-error a way to send a secret that is not there
createTokenSource({ authorizationServer, clientId, privateKey, clientAuthentication })
// @ts-expect-error no way to send a secret
createTokenSource({ authorizationServer, clientId, clientSecret, clientAuthentication: 'none' })
// @ts-expect-error no key
createTokenSource({ verifier, credential })
// @ts-expect-error no proof of who asks
createTokenSource({ authorizationServer, clientId })
// @ts-expect-error a type of assertion that Verifiers do not take
createTokenSource({ verifier, credential, privateKey, assertionType: 'JWT' })
// @ts-expect-error a type of an assertion that is never made
createTokenSource({ authorizationServer, clientId, clientSecret, assertionType: 'JWT' })
// @ts-expect-error a type of another JWT
createTokenSource({ authorizationServer, clientId, privateKey, assertionType: 'at+jwt' })
// @ts-expect-error tokens that are not to be bound: leave it out
createTokenSource({ authorizationServer, clientId, privateKey, dpop: false })
// @ts-expect-error a signer whose public key is not known
createTokenSource({ authorizationServer, clientId, privateKey, dpop: { signer } })
// @ts-expect-error a certificate without its key
createTokenSource({ authorizationServer, clientId, mtls: { cert: 'cert' } })
// @ts-expect-error no client
createTokenSource({ authorizationServer, clientSecret })
// @ts-expect-error an option of another name
createTokenSource({ verifier, credential, privateKey, allowedOrigin: 'https://orders.example.org' })
