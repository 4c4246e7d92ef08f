import { issueCredential } from './credentials.js'
import type { CredentialRequest, IssuedCredential } from './credentials.js'
import type { Kind } from './mandate.js'
import { setFault } from './faults.js'
import type { Endpoint, FaultName, FaultOptions } from './faults.js'
import { inProcessFetch } from './in-process-fetch.js'
import type { RotationOptions } from './key-ring.js'
import { jwkSet, rotate } from './key-ring.js'
import type { Jwk } from './keys.js'
import { listen } from './listen.js'
import { mintAccessToken, mintIdToken } from './mint.js'
import type { MintOptions } from './mint.js'
import { refuseOpenAddress, resolveOptions } from './options.js'
import type { DevVerifierOptions, ListenOptions } from './options.js'
import type { ProfileName } from './profiles.js'
import { profiles } from './profiles.js'
import { createRoutes } from './routes.js'
import { createServer } from './server.js'
import type { Server } from './server.js'
import { brokenTokens } from './variants.js'
import type { BrokenTokenName } from './variants.js'
import { tokenRequest } from './wallet.js'
import type { TokenRequestOptions } from './wallet.js'

/** An embedded authorization server, Issuer and wallet for local work and tests. */
export interface DevVerifier {
  /** The issuer, as tokens carry it and clients configure it. */
  readonly issuer: string
  readonly profile: ProfileName
  /** The whole server as a function with the signature of the global `fetch`. */
  readonly fetch: typeof fetch
  /** Requests received so far, by endpoint. */
  readonly requests: Readonly<Record<Endpoint, number>>
  /** Issues a LEARCredentialMachine with a fresh key. */
  issueMachineCredential(request?: CredentialRequest): IssuedCredential
  /** Issues a LEARCredentialEmployee with a fresh key. */
  issueEmployeeCredential(request?: CredentialRequest): IssuedCredential
  /** The form of a token request for a machine's credential, as its client would send it. */
  tokenRequest(
    machine: Pick<IssuedCredential, 'credential' | 'privateKey' | 'did'>,
    options?: TokenRequestOptions,
  ): URLSearchParams
  /** Signs an access token as the profile's Verifier would issue it. */
  mint(options?: MintOptions): string
  /** Signs an id_token, which no API may accept. */
  mintIdToken(options?: MintOptions): string
  /** Makes a token no API may accept; the names are those of {@link brokenTokens}. */
  mintBroken(name: BrokenTokenName, options?: MintOptions): string
  /** Replaces the signing key, at once and without overlap unless asked for. */
  rotateKeys(options?: RotationOptions): void
  /** Publishes JWKs as they are beside the Verifier's own, whatever they hold. */
  addKeys(keys: readonly Jwk[]): void
  /** The JWK Set as published at present. */
  jwks(): { keys: Jwk[] }
  /** Makes an endpoint fail, until healed or for a number of requests. */
  fail(endpoint: Endpoint, fault: FaultName, options?: FaultOptions): void
  /** Ends the fault of an endpoint, or all faults. */
  heal(endpoint?: Endpoint): void
  /** Ends hanging requests and stops listening. */
  close(): Promise<void>
}

/**
 * Makes a development Verifier without a port: its `fetch` is given to the code under test.
 *
 * Its tokens prove nothing: anyone who can reach it can have one signed. Never trust its issuer where real data is.
 *
 * @throws Error with NODE_ENV=production, unless forced, or when an option is wrong.
 * @example
 * const verifier = createDevVerifier({ profile: 'dome' })
 * const response = await verifier.fetch(`${verifier.issuer}/oidc/jwks`)
 */
export function createDevVerifier(options: DevVerifierOptions = {}): DevVerifier {
  return assemble(options).verifier
}

/**
 * Starts a development Verifier on a loopback port.
 *
 * Its tokens prove nothing: anyone who can reach it can have one signed. Never trust its issuer where real data is.
 *
 * @throws Error with NODE_ENV=production or an address others can reach, unless forced, or when an option is wrong.
 * @example
 * const verifier = await startDevVerifier({ profile: 'eudistack-3.3' })
 * const { credential, privateKey } = verifier.issueMachineCredential({ powers: [{ function: 'ProductOffering', action: 'Create' }] })
 * await verifier.close()
 */
export async function startDevVerifier(options: ListenOptions = {}): Promise<DevVerifier> {
  const { port = 0, host = '127.0.0.1' } = options
  refuseOpenAddress(host, options.force)
  resolveOptions(options)
  let handle = (_: Request): Response | Promise<Response> => new Response(null, { status: 503 })
  const listener = await listen((request) => handle(request), { port, host })
  const authority = `${host.includes(':') ? `[${host}]` : host}:${listener.port}`
  const issuer = options.issuer ?? `http://${authority}${profiles[options.profile ?? 'eudistack-3.3'].basePath}`
  const assembled = assemble({ ...options, issuer })
  handle = assembled.handle
  const close = async (): Promise<void> => {
    await assembled.verifier.close()
    await listener.close()
  }
  return { ...assembled.verifier, close }
}

function assemble(options: DevVerifierOptions) {
  const server = createServer(resolveOptions(options))
  const { settings, requests, keys, faults } = server
  const handle = createRoutes(server)
  const serves = ({ origin }: URL): boolean => settings.issuerFromRequest || origin === new URL(settings.issuer).origin
  const verifier: DevVerifier = {
    issuer: settings.issuer,
    profile: settings.name,
    fetch: inProcessFetch(handle, serves),
    requests,
    issueMachineCredential: (request) => issue(server, 'machine', request),
    issueEmployeeCredential: (request) => issue(server, 'employee', request),
    tokenRequest: (machine, request) => tokenRequest(server, machine, request),
    mint: (options = {}) => mintAccessToken(server, options),
    mintIdToken: (options = {}) => mintIdToken(server, options),
    mintBroken: (name, options = {}) => brokenTokens[name].make(server, options),
    rotateKeys: (options = {}) => rotate(keys, options),
    addKeys: (added) => void keys.foreign.push(...added),
    jwks: () => structuredClone(jwkSet(keys)),
    fail: (endpoint, fault, options = {}) => setFault(faults, endpoint, fault, options),
    heal: (endpoint) => (endpoint ? void faults.delete(endpoint) : faults.clear()),
    close: () => Promise.resolve(server.closed.abort()),
  }
  return { verifier, handle }
}

function issue({ settings, credentialIssuer }: Server, kind: Kind, request: CredentialRequest = {}): IssuedCredential {
  const context = { issuer: credentialIssuer, base: settings.issuer, runtime: settings.runtime }
  return issueCredential(kind, { ...request, dialect: request.dialect ?? settings.profile.dialects[kind] }, context)
}
