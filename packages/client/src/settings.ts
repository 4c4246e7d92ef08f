import {
  certificateChecklist,
  presentationChecklist,
  registeredKeyChecklist,
  secretChecklist,
  type Checklist,
} from './checklist.js'
import {
  clientCertificate,
  clientSecret,
  privateKeyJwt,
  verifiablePresentation,
  type ClientAuthentication,
} from './client-authentication.js'
import { checkValidity, readCredential, type MachineCredential } from './credential.js'
import { invalidOptionError } from './errors.js'
import { createEmitter, type Emit } from './events.js'
import { checkOptions } from './given-options.js'
import { createLocalSigner } from './key.js'
import { isTenant } from './option-checks.js'
import { DEFAULTS, namesOf, type ClientKind } from './option-table.js'
import { createCertifiedConnections, type CertifiedConnections } from './mtls.js'
import type {
  CertificateOptions,
  ClientSecretOptions,
  CommonOptions,
  KeyOptions,
  PresentationOptions,
  PrivateKeyJwtOptions,
  TokenSourceOptions,
} from './options.js'
import { parameterNames, pickParameters, type SentParameters } from './parameters.js'
import { createProofKey, thumbprint } from './proof-key.js'
import { createProver, type Prover } from './prover.js'
import { clientRuntime, type ClientRuntime } from './runtime.js'
import type { Signer } from './signer.js'
import { SECOND } from './time.js'
import { withValues } from './values.js'

/** The options, checked, with every default filled in. */
export interface Settings extends Identity {
  readonly tokenEndpoint: string | undefined
  readonly allowedOrigins: ReadonlySet<string>
  /** The parameters that a call may give. */
  readonly parameterNames: readonly string[]
  /** Milliseconds. */
  readonly timeout: number
  readonly tries: number
  readonly emit: Emit
  /** Its `fetch` shows the certificate, if there is one. */
  readonly runtime: ClientRuntime
  readonly dpop: Binding | undefined
  readonly connections: CertifiedConnections | undefined
}

/** What binds tokens to a key. Nonces of servers and of APIs are kept apart. */
interface Binding {
  readonly atServer: Prover
  readonly atApis: Prover
  /** The thumbprint of the key. */
  readonly jkt: () => Promise<string>
}

/** Who the client is, and who gives it tokens. */
interface Identity {
  readonly issuer: string
  readonly authenticate: ClientAuthentication
  readonly checklist: Checklist
  readonly credential: MachineCredential | undefined
  readonly parameters: SentParameters
}

/**
 * Checks the options once and fills in the defaults.
 *
 * @throws {TokenSourceError} `invalid_option`, `private_key_unreadable`, `credential_unreadable`,
 *   `credential_not_yet_valid`, `credential_expired`.
 */
export function resolveOptions(options: TokenSourceOptions): Settings {
  const kind = checkOptions(options)
  const given = { ...clientRuntime, ...withValues(options.runtime ?? {}) }
  const connections = options.mtls && createCertifiedConnections(options.mtls, given.fetch)
  const runtime = connections ? { ...given, fetch: connections.fetch } : given
  const identity = identify(kind, options, runtime)
  const emit = createEmitter(identity.issuer, options.events ?? {}, runtime)
  return Object.freeze({
    ...identity,
    connections,
    dpop: options.dpop && bind(options.dpop, runtime, emit),
    tokenEndpoint: options.tokenEndpoint,
    allowedOrigins: new Set(options.allowedOrigins),
    parameterNames: parameterNames(namesOf(kind)),
    timeout: (options.timeout ?? DEFAULTS.timeout) * SECOND,
    tries: options.tries ?? DEFAULTS.tries,
    emit,
    runtime,
  })
}

function bind(
  dpop: NonNullable<CommonOptions['dpop']>,
  runtime: ClientRuntime,
  emit: Emit,
): Binding {
  const key = dpop === true ? createProofKey() : () => Promise.resolve(dpop.signer)
  let jkt: string | undefined
  return {
    atServer: createProver(key, runtime, emit),
    atApis: createProver(key, runtime, emit),
    jkt: async () => (jkt ??= await thumbprint((await key()).jwk)),
  }
}

function identify(kind: ClientKind, options: TokenSourceOptions, runtime: ClientRuntime): Identity {
  switch (kind) {
    case 'credential':
      return identifyMachine(options as CommonOptions & PresentationOptions, runtime)
    case 'key':
      return identifyByKey(options as CommonOptions & PrivateKeyJwtOptions)
    case 'secret':
      return identifyBySecret(options as CommonOptions & ClientSecretOptions)
    case 'certificate':
      return identifyByCertificate(options as CommonOptions & CertificateOptions)
  }
}

function identifyMachine(
  options: CommonOptions & PresentationOptions,
  runtime: ClientRuntime,
): Identity {
  const { verifier: issuer, assertionAudience: audience = issuer } = options
  const credential = readCredential(options.credential)
  // The clock of Cloudflare Workers stands at 1970 outside a request. Each token request looks
  // again.
  if (runtime.now() > 0) checkValidity(credential, runtime.now())
  const signer = resolveSigner(options)
  if (signer.alg !== 'ES256') {
    const expected = 'a key on P-256 (ES256), because a machine credential is bound to one'
    throw invalidOptionError(expected, `one for ${signer.alg}`)
  }
  const clientId = options.clientId ?? credential.clientId
  const tenant = resolveTenant(options.tenant, credential)
  return {
    issuer,
    authenticate: verifiablePresentation({ credential, clientId, audience, signer }),
    checklist: presentationChecklist(credential, { issuer, audience }),
    credential,
    parameters: pickParameters({ ...options, tenant }),
  }
}

function identifyByKey(options: CommonOptions & PrivateKeyJwtOptions): Identity {
  const { authorizationServer: issuer, clientId, assertionAudience: audience = issuer } = options
  return {
    issuer,
    authenticate: privateKeyJwt({
      clientId,
      audience,
      type: options.assertionType,
      signer: resolveSigner(options),
    }),
    checklist: registeredKeyChecklist(audience),
    credential: undefined,
    parameters: pickParameters(options),
  }
}

function identifyBySecret(options: CommonOptions & ClientSecretOptions): Identity {
  const { authorizationServer: issuer, clientId, clientAuthentication } = options
  return {
    issuer,
    authenticate: clientSecret(clientId, options.clientSecret, clientAuthentication),
    checklist: secretChecklist,
    credential: undefined,
    parameters: pickParameters(options),
  }
}

function identifyByCertificate(options: CommonOptions & CertificateOptions): Identity {
  return {
    issuer: options.authorizationServer,
    authenticate: clientCertificate(options.clientId),
    checklist: certificateChecklist,
    credential: undefined,
    parameters: pickParameters(options),
  }
}

/**
 * As Verifier 3.3 wants it of machines it has not registered: the tenant is the domain of one of
 * their powers.
 */
function resolveTenant(
  tenant: string | null | undefined,
  { domains }: MachineCredential,
): string | undefined {
  return tenant === null ? undefined : (tenant ?? domains.find(isTenant))
}

function resolveSigner(options: KeyOptions): Signer {
  return options.signer ?? createLocalSigner(options.privateKey, options)
}
