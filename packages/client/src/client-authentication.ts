import { base64 } from '@scure/base'
import { buildAssertion } from './assertion.js'
import { checkValidity, type MachineCredential } from './credential.js'
import { buildPresentation, type Moment } from './presentation.js'
import { checkSignature, signJwt, type Signer } from './signer.js'

/** What proves to the token endpoint who asks; made anew for each try. */
export interface ClientProof {
  readonly form: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** Makes the proof for one try, from the time and a source of identifiers. */
export type ClientAuthentication = (now: number, uuid: () => string) => Promise<ClientProof>

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
  return async (now, uuid) => {
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

/**
 * private_key_jwt (RFC 7523 §2.2): what any authorization server with asymmetric client keys takes.
 */
export function privateKeyJwt(
  clientId: string,
  audience: string,
  signer: Signer,
): ClientAuthentication {
  return async (now, uuid) => {
    const moment: Moment = { now, jti: uuid() }
    const assertion = buildAssertion({ clientId, audience, kid: signer.kid }, moment)
    return assertionProof(clientId, await signJwt(signer, assertion))
  }
}

/** client_secret_basic (RFC 6749 §2.3.1): both parts are form encoded before they are joined. */
export function clientSecretBasic(clientId: string, clientSecret: string): ClientAuthentication {
  const pair = `${formEncode(clientId)}:${formEncode(clientSecret)}`
  const headers = { authorization: `Basic ${base64.encode(new TextEncoder().encode(pair))}` }
  return () => Promise.resolve({ form: {}, headers })
}

function assertionProof(clientId: string, assertion: string): ClientProof {
  return {
    form: { client_id: clientId, client_assertion_type: JWT_BEARER, client_assertion: assertion },
  }
}

function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}
