import { anything, checkOptions, date, list, oneOf, type Checks } from './checks.js'
import { didKeyOf } from './did-key.js'
import { dialects, type DialectName } from './dialects.js'
import type { Kind, Mandatee, Mandator, Power } from './mandate.js'
import { createSeal, signWithSeal, type CredentialIssuer, type Seal } from './credential-issuer.js'
import type { Json } from './jwt.js'
import {
  generateKeyPair,
  keyPairFrom,
  privateKeyForms,
  publicJwk,
  type CredentialAlgorithm,
  type Jwk,
  type KeyPair,
  type PrivateKeyForms,
  type PrivateKeyInput,
} from './keys.js'
import { seconds, type Runtime } from './runtime.js'
import { statusEntry, STATUS_PATHS, type StatusForm } from './status-list.js'

/** What to write into a credential. Every option has a default. */
export interface CredentialRequest {
  /** The powers of the mandate. Default: `Create` and `Update` of `ProductOffering` in `DOME`. */
  readonly powers?: readonly Power[]
  /** Members of the mandator. Default: those of the made-up Example S.L. */
  readonly mandator?: Partial<Mandator>
  /** Members of the mandatee, the machine or employee. Default: made up. */
  readonly mandatee?: Partial<Mandatee>
  /** The domain of powers that name none. Default: `DOME`. */
  readonly tenant?: string
  /** Start of validity. Default: one day ago. */
  readonly validFrom?: Date
  /** End of validity. A past date makes an expired credential. Default: in one year. */
  readonly validUntil?: Date
  /** The shape of the credential. Default: that of the profile. */
  readonly dialect?: DialectName
  /** Which status list the credential names. Default: that of the dialect. */
  readonly status?: StatusForm | 'none'
  /** The holder's private key. Default: a fresh P-256 key. */
  readonly key?: PrivateKeyInput
  /** Revokes the credential at once. Default: `false`. */
  readonly revoked?: boolean
  /** Signs as an issuer that is on no list of trusted issuers. Default: `false`. */
  readonly untrusted?: boolean
  /** Names the trusted issuer, but signs with another key. Default: `false`. */
  readonly forged?: boolean
}

/** What may be said of the credential in a token as well. */
export const contentChecks = {
  powers: list,
  mandator: anything,
  mandatee: anything,
  tenant: anything,
  validFrom: date,
  validUntil: date,
  dialect: oneOf(Object.keys(dialects)),
  status: oneOf([...Object.keys(statusEntry), 'none']),
  key: anything,
  revoked: anything,
} as const satisfies Partial<Checks<CredentialRequest>>

/** @throws Error for an option of another name, or of a value that a credential cannot have. */
export function checkCredentialRequest(of: string, request: CredentialRequest): void {
  return checkOptions(of, request, { ...contentChecks, untrusted: anything, forged: anything })
}

/** A credential, its holder's key, and the means to revoke it. */
export interface IssuedCredential {
  /** The credential as a compact JWT. */
  readonly credential: string
  /** The holder's private key in each form clients hold. */
  readonly privateKey: PrivateKeyForms
  /** The holder's did:key, which is the `client_id` of a machine. */
  readonly did: string
  /** The credential's id, as its payload has it. */
  readonly id: string
  /** The claims of the credential's JWT. */
  readonly payload: Json
  /** Puts the credential on the status list and on the list of revoked ids. */
  readonly revoke: () => void
}

const UNTRUSTED_ISSUER_ID = 'did:elsi:VATES-X0000000X'

const DEFAULT_POWERS: readonly Power[] = [
  { function: 'ProductOffering', action: ['Create', 'Update'] },
]

const DEFAULT_MANDATOR: Mandator = {
  organizationIdentifier: 'VATES-B12345678',
  organization: 'Example S.L.',
  country: 'ES',
  commonName: 'Ada Example',
  email: 'ada@example.com',
  serialNumber: 'IDCES-00000000T',
}

const DEFAULT_MANDATEE: Mandatee = {
  domain: 'orders.example.com',
  ipAddress: '203.0.113.7',
  serviceName: 'orders',
  serviceType: 'API Server',
  version: 'v1.0',
  description: 'order sync',
  email: 'jo@example.com',
  phone: '+34600000000',
  firstName: 'Jo',
  lastName: 'Doe',
  employeeId: 'E-1',
  nationality: 'ES',
}

const DAY = 24 * 3_600_000
function isoSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** What the Issuer needs to know of its surroundings. */
export interface IssuingContext {
  readonly issuer: CredentialIssuer
  /** Base URL under which the status lists are served. */
  readonly base: string
  readonly runtime: Runtime
}

/** The credential as a JSON object, before it is signed. */
export function writeCredential(
  request: CredentialRequest & { dialect: DialectName },
  holder: KeyPair,
  context: IssuingContext,
) {
  const { issuer, runtime } = context
  const dialect = dialects[request.dialect]
  const id = runtime.uuid()
  const form = request.status ?? dialect.status
  const index = form === 'none' ? undefined : issuer.register.next++
  const credential = dialect.write({
    id,
    did: didKeyOf(holder.publicKey),
    jwk: publicJwk(holder),
    issuer: request.untrusted ? UNTRUSTED_ISSUER_ID : issuer.id,
    mandator: mandatorOf(request),
    mandatee: { ...DEFAULT_MANDATEE, ...request.mandatee },
    powers: (request.powers ?? DEFAULT_POWERS).map((power) => ({
      domain: request.tenant ?? 'DOME',
      ...power,
    })),
    validFrom: isoSeconds(request.validFrom ?? new Date(runtime.now() - DAY)),
    validUntil: isoSeconds(request.validUntil ?? new Date(runtime.now() + 365 * DAY)),
    status:
      form === 'none'
        ? undefined
        : statusEntry[form](context.base + STATUS_PATHS[form], issuer.register.next - 1),
  })
  return { credential, id, index }
}

/** Issues a credential to a holder's key: a JWT of the embedded Issuer. */
export function issueCredential(
  kind: Kind,
  request: CredentialRequest & { dialect: DialectName },
  context: IssuingContext,
): IssuedCredential {
  if (dialects[request.dialect].kind !== kind) {
    throw new Error(`Expected a dialect for a ${kind} credential; found "${request.dialect}".`)
  }
  const { issuer, runtime } = context
  const holder = request.key === undefined ? generateKeyPair() : keyPairFrom(request.key)
  const { credential, id, index } = writeCredential(request, holder, context)
  const payload = credentialClaims(
    credential,
    didKeyOf(holder.publicKey),
    publicJwk(holder),
    runtime,
  )
  const revoke = (): void => {
    issuer.revokedIds.add(id)
    if (index !== undefined) issuer.register.revoked.add(index)
  }
  if (request.revoked) revoke()
  issuer.mandators.add(mandatorOf(request).organizationIdentifier)
  return {
    credential: signWithSeal('JWT', payload, sealFor(request, context), issuer.authority),
    privateKey: privateKeyForms(holder),
    did: didKeyOf(holder.publicKey),
    id,
    payload,
    revoke,
  }
}

function mandatorOf({ mandator }: CredentialRequest): Mandator {
  return { ...DEFAULT_MANDATOR, ...mandator }
}

/** The Issuer's own seal, that of an organisation on no list, or its own with another key. */
function sealFor(
  { untrusted, forged }: CredentialRequest,
  { issuer: { authority, seal }, runtime }: IssuingContext,
): Seal {
  const algorithm = seal.key.algorithm as CredentialAlgorithm
  if (untrusted) return createSeal(authority, UNTRUSTED_ISSUER_ID, algorithm, runtime.now())
  return forged ? { ...seal, key: generateKeyPair(algorithm) } : seal
}

/**
 * A W3C credential goes into the claim `vc`, bound to the holder by `cnf`; an SD-JWT's claims are
 * the JWT's own.
 */
function credentialClaims(credential: Json, did: string, jwk: Jwk, runtime: Runtime): Json {
  if ('vct' in credential) return { ...credential, iat: seconds(runtime) }
  const { issuer, validUntil } = credential
  return {
    iss: typeof issuer === 'string' ? issuer : (issuer as Json)['id'],
    sub: did,
    jti: runtime.uuid(),
    iat: seconds(runtime),
    exp: Math.floor(Date.parse(validUntil as string) / 1_000),
    cnf: { jwk },
    vc: credential,
  }
}
