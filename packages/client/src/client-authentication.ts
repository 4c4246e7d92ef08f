import { base64 } from '@scure/base'
import { buildAssertion, type AssertionType } from './assertion.js'
import { checkValidity, type MachineCredential } from './credential.js'
import type { TokenEndpoint } from './metadata.js'
import { buildPresentation, type JwtStamp } from './presentation.js'
import { checkSignature, signJwt, type Signer } from './signer.js'

/** What authenticates the client to the token endpoint; made anew for each try. */
export interface ClientProof {
  readonly form: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** What a proof for one try is made of. */
export interface ProofContext {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly uuid: () => string
  /** Where the proof goes. Asked for only by who needs to know. */
  readonly endpoint: () => Promise<TokenEndpoint>
}

/** Makes the proof for one try. */
export type ClientAuthentication = (context: ProofContext) => Promise<ClientProof>

/** How a secret is sent (RFC 6749 §2.3.1), by its registered name (RFC 7591 §2). */
export type SecretMethod = 'client_secret_basic' | 'client_secret_post'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

interface PresentationInput {
  readonly credential: MachineCredential
  readonly clientId: string
  readonly audience: string
  readonly signer: Signer
}

/**
 * A Verifiable Presentation inside a client assertion, as a Verifier wants it.
 *
 * The signature is checked against the credential's key before anything leaves.
 */
export function verifiablePresentation(input: PresentationInput): ClientAuthentication {
  const { credential, clientId, audience, signer } = input
  return async ({ now, uuid }) => {
    checkValidity(credential, now)
    const presentation = await signJwt(
      signer,
      buildPresentation(credential, audience, { now, jti: uuid() }),
    )
    await checkSignature(presentation, credential.boundKey)
    // Standard Base64: a Verifier does not read base64url, and fails only on the presentations that
    // differ in it.
    const claims = { vp_token: base64.encode(new TextEncoder().encode(presentation)) }
    const assertion = buildAssertion(
      { clientId, audience, kid: credential.holder, claims },
      { now, jti: uuid() },
    )
    return assertionProof(clientId, await signJwt(signer, assertion))
  }
}

interface RegisteredKeyInput {
  readonly clientId: string
  readonly audience: string
  readonly type: AssertionType | undefined
  readonly signer: Signer
}

/**
 * private_key_jwt (RFC 7523 §2.2): what any authorization server with asymmetric client keys takes.
 */
export function privateKeyJwt({
  clientId,
  audience,
  type,
  signer,
}: RegisteredKeyInput): ClientAuthentication {
  return async ({ now, uuid }) => {
    const stamp: JwtStamp = { now, jti: uuid() }
    const assertion = buildAssertion({ clientId, audience, type, kid: signer.kid }, stamp)
    return assertionProof(clientId, await signJwt(signer, assertion))
  }
}

const SECRET_PROOFS: Readonly<Record<SecretMethod, (id: string, secret: string) => ClientProof>> = {
  // Both parts are form encoded before they are joined.
  client_secret_basic: (id, secret) => {
    const pair = new TextEncoder().encode(`${formEncode(id)}:${formEncode(secret)}`)
    return { form: {}, headers: { authorization: `Basic ${base64.encode(pair)}` } }
  },
  client_secret_post: (id, secret) => ({ form: { client_id: id, client_secret: secret } }),
}

/** The names of both methods. */
export const SECRET_METHODS = Object.keys(SECRET_PROOFS) as readonly SecretMethod[]

/** A secret, sent as it was asked for, or else as the metadata of the server ask for it. */
export function clientSecret(
  clientId: string,
  secret: string,
  method?: SecretMethod,
): ClientAuthentication {
  return async ({ endpoint }) => {
    const chosen = method ?? methodFor(await endpoint())
    return SECRET_PROOFS[chosen](clientId, secret)
  }
}

/** Without a word of the server, it takes `client_secret_basic` (RFC 8414 §2). */
function methodFor({ methods = [] }: TokenEndpoint): SecretMethod {
  return SECRET_METHODS.find((method) => methods.includes(method)) ?? 'client_secret_basic'
}

/** The certificate of the connection says it; the form names the client (RFC 8705 §2). */
export function clientCertificate(clientId: string): ClientAuthentication {
  const proof = { form: { client_id: clientId } }
  return () => Promise.resolve(proof)
}

function assertionProof(clientId: string, assertion: string): ClientProof {
  return {
    form: { client_id: clientId, client_assertion_type: JWT_BEARER, client_assertion: assertion },
  }
}

function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}
