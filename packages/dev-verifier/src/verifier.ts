import type { BoundCall, BoundCallOptions, BrokenProofName } from './broken-proofs.js'
import { anything, checkOptions, list } from './checks.js'
import type { IssuedCertificate } from './client-certificate.js'
import type { CredentialRequest, IssuedCredential } from './credentials.js'
import {
  clearFaults,
  setFault,
  type Endpoint,
  type FaultName,
  type FaultOptions,
  type FaultPlace,
} from './faults.js'
import { inProcessFetch } from './in-process-fetch.js'
import { jwkSet, rotate, type RotationOptions } from './key-ring.js'
import { privateKeyForms, publicJwk, type Jwk, type PrivateKeyForms } from './keys.js'
import { issuing, minting } from './methods.js'
import type { MintOptions } from './mint.js'
import { resolveOptions, type DevVerifierOptions } from './options.js'
import type { ProfileName } from './profiles.js'
import type { ProofOptions } from './proofs.js'
import { createRoutes } from './routes.js'
import { createServer } from './server.js'
import type { BrokenTokenName } from './variants.js'
import type { Machine, TokenRequestOptions } from './wallet.js'

/**
 * An embedded authorization server, Issuer and wallet for local work and tests.
 *
 * Its tokens and credentials prove nothing: anyone who can reach it can have one signed.
 *
 * @example
 * ```ts
 * import { createDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
 *
 * const verifier: DevVerifier = createDevVerifier()
 * console.log(verifier.issuer, verifier.mint())
 * ```
 */
export interface DevVerifier {
  /** The issuer, as tokens carry it and clients configure it. */
  readonly issuer: string
  /** The generation of Verifiers that it behaves like. */
  readonly profile: ProfileName
  /** The embedded Issuer: what an API needs to look credentials up in its status lists. */
  readonly credentialIssuer: {
    /** `did:elsi:` and the identifier of its made-up organisation. */
    readonly id: string
    /** The address below which its status lists are. */
    readonly statusLists: string
    /** The keys that sign its credentials and lists. */
    readonly keys: { readonly keys: readonly Jwk[] }
    /** The authority, made at start, that issued the certificate of those keys. In PEM. */
    readonly certificateAuthorities: readonly string[]
  }
  /**
   * The whole server as a function with the signature of the global `fetch`; it reaches this
   * Verifier and nothing else.
   */
  readonly fetch: typeof fetch
  /** The private key of `mintProof`, made at start. */
  readonly proofKey: PrivateKeyForms
  /** Requests received so far, by endpoint; refused and failing ones are counted too. */
  readonly requests: Readonly<Record<Endpoint, number>>
  /**
   * Issues a LEARCredentialMachine, signed by the embedded Issuer.
   *
   * @param request What to write into it. Default: a made-up machine that may create and update
   *   `ProductOffering`.
   * @returns The credential, the machine's private key and DID, and `revoke`.
   * @throws Error when the dialect is not one of a machine's credential, or the key is no P-256
   *   key.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * const { credential, privateKey } = createDevVerifier().issueMachineCredential({
   *   powers: [{ function: 'Onboarding', action: 'Execute', domain: 'kpmg' }],
   * })
   * ```
   */
  issueMachineCredential(request?: CredentialRequest): IssuedCredential
  /**
   * Issues a LEARCredentialEmployee, signed by the embedded Issuer. The client_credentials grant
   * refuses it.
   *
   * @param request What to write into it. Default: a made-up employee.
   * @returns The credential, the employee's private key and DID, and `revoke`.
   * @throws Error when the dialect is not one of an employee's credential, or the key is no P-256
   *   key.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * const employee = createDevVerifier().issueEmployeeCredential({
   *   mandatee: { firstName: 'Ada', lastName: 'Example' },
   * })
   * ```
   */
  issueEmployeeCredential(request?: CredentialRequest): IssuedCredential
  /**
   * Writes the form of a token request, signed with the machine's key: what its client would send.
   *
   * The form works once: it uses up the `jti` of its client assertion (RFC 7523 §3).
   *
   * @param machine A credential of `issueMachineCredential`, or of elsewhere with its key.
   * @param options Departures from a correct request, to see them refused.
   * @returns The fields to post to the token endpoint.
   * @throws Error for an option of another name, or a lifetime that is no number.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * const verifier = createDevVerifier()
   * const body = verifier.tokenRequest(verifier.issueMachineCredential())
   * await verifier.fetch(`${verifier.issuer}/oidc/token`, { method: 'POST', body })
   * ```
   */
  tokenRequest(machine: Machine, options?: TokenRequestOptions): URLSearchParams
  /**
   * Signs an access token as the profile's Verifier would issue it. Nothing in it is checked.
   *
   * @param options What to put into it; {@link tokenShapes} has one entry for each shape met in
   *   the wild.
   * @returns The compact JWT.
   * @throws Error for an option of another name, or of a value that the token could not have.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * const token = createDevVerifier().mint({
   *   powers: [{ function: 'ProductOffering', action: 'Create' }],
   *   expiresIn: 60,
   * })
   * ```
   */
  mint(options?: MintOptions): string
  /**
   * Signs an id_token, which no API may accept: same key, issuer and `typ` as an access token, but
   * `vc_json`, `auth_time` and `acr`, and neither `jti` nor `scope`.
   *
   * @param options What to put into it. Default: a made-up employee's, for a relying party, valid
   *   for 60 seconds.
   * @returns The compact JWT.
   * @throws Error for an option of another name, or of a value that the token could not have.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * const idToken = createDevVerifier().mintIdToken({ audience: 'my-portal' })
   * ```
   */
  mintIdToken(options?: MintOptions): string
  /**
   * Makes a token that no API may accept.
   *
   * @param name A name of {@link brokenTokens}.
   * @param options Those of the good token that it is made from.
   * @returns The token.
   * @throws Error for another name, or for an option that `mint` refuses.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * const expired = createDevVerifier().mintBroken('expired')
   * ```
   */
  mintBroken(name: BrokenTokenName, options?: MintOptions): string
  /**
   * Signs a proof of possession for a request (RFC 9449 §4.2), as the client of a bound token
   * would. Nothing in it is checked.
   *
   * @param options The request, and what the proof is made with; `url` is required.
   * @returns The field `DPoP`.
   * @throws Error for an option of another name, a URL that is none, or a key that is no P-256 key.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * const verifier = createDevVerifier({ profile: 'oauth' })
   * const accessToken = verifier.mint({ boundTo: { key: verifier.proofKey.jwk } })
   * const url = 'https://api.example.com/orders'
   * const headers = {
   *   authorization: `DPoP ${accessToken}`,
   *   dpop: verifier.mintProof({ url, accessToken }),
   * }
   * ```
   */
  mintProof(options: ProofOptions): string
  /**
   * Makes the fields of a request with a bound token that no API may accept.
   *
   * @param name A name of {@link brokenProofs}.
   * @param options The request, and what its token has.
   * @returns `authorization`, and each field `DPoP` as an element of `dpop`.
   * @throws Error for another name, or for an option that `mint` or `mintProof` refuses.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * const verifier = createDevVerifier({ profile: 'oauth' })
   * const call = verifier.mintBrokenProof('wrong-ath', { url: 'https://api.example.com/orders' })
   * ```
   */
  mintBrokenProof(name: BrokenProofName, options: BoundCallOptions): BoundCall
  /**
   * Certifies a fresh key: of a client, or of an API that listens on this machine. The authority is
   * the one of `credentialIssuer.certificateAuthorities`.
   *
   * @param commonName The name of its subject. Default: `my-client`.
   * @returns Certificate and private key in PEM, and the certificate's hash as `x5t#S256` has it.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * const verifier = createDevVerifier({ profile: 'oauth' })
   * const { certificate } = verifier.issueCertificate()
   * const token = verifier.mint({ boundTo: { certificate } })
   * ```
   */
  issueCertificate(commonName?: string): IssuedCertificate
  /**
   * Replaces the nonce of the option `demandNonces`. Proofs with the old one are refused from then
   * on.
   *
   * @returns The new nonce; `undefined` where none is demanded.
   */
  rotateNonce(): string | undefined
  /**
   * Replaces the signing key, at once and without overlap, as real Verifiers do.
   *
   * @param options `keepKid` gives the new key the old name; `keepOld` goes on publishing the old
   *   key. Default: neither.
   * @throws Error for an option of another name.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * createDevVerifier().rotateKeys({ keepOld: true })
   * ```
   */
  rotateKeys(options?: RotationOptions): void
  /**
   * Publishes JWKs beside the Verifier's own, unchecked: foreign, malformed, or thousands of them.
   *
   * @param keys The JWKs, appended to the set for good.
   * @throws Error when it is no list.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * createDevVerifier().addKeys([{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }])
   * ```
   */
  addKeys(keys: readonly Jwk[]): void
  /**
   * The JWK Set as published at present.
   *
   * @returns A copy.
   */
  jwks(): { keys: Jwk[] }
  /**
   * Makes an endpoint fail, or a list that the Verifier reads at a token request.
   *
   * With a fault on `status`, the status lists fail for an API and for the Verifier itself. With
   * one on `issuers`, the Verifier does not reach its list of trusted issuers, whatever the fault.
   *
   * @param place Where.
   * @param fault A name of {@link faults}.
   * @param options For how many requests, and the delay of slow answers in milliseconds. Default:
   *   until healed, and 1 000.
   * @throws Error for a place, a fault or an option of another name.
   * @example
   * ```ts
   * import { createDevVerifier } from '@verifier-guard/dev-verifier'
   *
   * const verifier = createDevVerifier()
   * verifier.fail('jwks', 'status-500', { times: 2 })
   * verifier.fail('issuers', 'refuse')
   * ```
   */
  fail(place: FaultPlace, fault: FaultName, options?: FaultOptions): void
  /**
   * Ends a fault.
   *
   * @param place Where. Default: everywhere.
   * @throws Error for a place of another name.
   */
  heal(place?: FaultPlace): void
  /**
   * Ends hanging requests and stops answering; on a port, stops listening.
   *
   * @returns When all of that is done.
   */
  close(): Promise<void>
}

/**
 * Makes a development Verifier without a port: its `fetch` is given to the code under test.
 *
 * Its tokens prove nothing: anyone who can reach it can have one signed. Never trust its issuer
 * where real data is.
 *
 * @param options See {@link DevVerifierOptions}. Every option has a default.
 * @returns The Verifier, at `https://verifier.example.test` or at the option `issuer`.
 * @throws Error with NODE_ENV=production, unless forced, or when an option is wrong.
 * @example
 * ```ts
 * import { createDevVerifier } from '@verifier-guard/dev-verifier'
 *
 * const verifier = createDevVerifier({ profile: 'dome' })
 * const response = await verifier.fetch(`${verifier.issuer}/oidc/jwks`)
 * console.log(await response.json())
 * ```
 */
export function createDevVerifier(options: DevVerifierOptions = {}): DevVerifier {
  return assemble(options).verifier
}

/** A development Verifier, and its parts. */
export function assemble(options: DevVerifierOptions) {
  const server = createServer(resolveOptions(options))
  const { settings, requests, keys, faults, nonce } = server
  const handle = createRoutes(server)
  const { signal } = server.closed
  const { origin } = new URL(settings.issuer)
  const serves = (url: URL): boolean =>
    !signal.aborted && (settings.issuerFromRequest || url.origin === origin)
  const verifier: DevVerifier = {
    issuer: settings.issuer,
    profile: settings.name,
    credentialIssuer: {
      id: server.credentialIssuer.id,
      statusLists: `${settings.issuer}/`,
      keys: { keys: [publicJwk(server.credentialIssuer.seal.key)] },
      certificateAuthorities: [server.credentialIssuer.authority.certificate.toString()],
    },
    fetch: inProcessFetch(handle, serves),
    requests,
    proofKey: privateKeyForms(server.proofKey),
    ...issuing(server),
    ...minting(server),
    rotateNonce: () => {
      nonce.rotate()
      return nonce.current
    },
    rotateKeys: (options = {}) => {
      checkOptions('rotateKeys()', options, { keepKid: anything, keepOld: anything })
      rotate(keys, options)
    },
    addKeys: (added) => {
      list('keys', added)
      keys.foreign.push(...added)
    },
    jwks: () => structuredClone(jwkSet(keys)),
    fail: (place, fault, options = {}) => setFault(faults, place, fault, options),
    heal: (place) => clearFaults(faults, place),
    close: () => Promise.resolve(server.closed.abort()),
  }
  return { server, verifier, handle }
}
