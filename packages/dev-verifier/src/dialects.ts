import type { Json } from './jwt.js'
import type { Jwk } from './keys.js'

/** Who a credential speaks for: a machine or an employee of the mandator. */
export type Kind = 'machine' | 'employee'

/** One right of a mandate. */
export interface Power {
  /** What the right is about, for example `ProductOffering`. */
  readonly function: string
  /** What may be done, for example `Create`; one or several. */
  readonly action: string | readonly string[]
  /** Where it holds: `DOME` by default, or a tenant. */
  readonly domain?: string
  /** `domain` by default (`Domain` in the older dialects); `organization` for system administrators. */
  readonly type?: string
}

/** The organisation that grants the mandate. */
export interface Mandator {
  readonly organizationIdentifier: string
  readonly organization: string
  readonly country: string
  readonly commonName: string
  readonly email: string
  readonly serialNumber: string
}

/** The machine or employee that acts; each dialect writes the members it knows. */
export interface Mandatee {
  readonly domain: string
  readonly ipAddress: string
  readonly serviceName: string
  readonly serviceType: string
  readonly version: string
  readonly description: string
  readonly email: string
  readonly phone: string
  readonly firstName: string
  readonly lastName: string
  readonly employeeId: string
  readonly nationality: string
}

/** What a credential says, before a dialect gives it names. */
export interface CredentialFacts {
  readonly id: string
  readonly did: string
  readonly jwk: Jwk
  readonly issuer: string
  readonly mandator: Mandator
  readonly mandatee: Mandatee
  readonly powers: readonly Power[]
  readonly validFrom: string
  readonly validUntil: string
  readonly status: Json | undefined
}

interface Dialect {
  readonly kind: Kind
  /** Whether the credential names a status list when nothing else is asked for. */
  readonly status: 'none' | 'bitstring' | 'token'
  readonly write: (facts: CredentialFacts) => Json
}

const W3C_V2 = 'https://www.w3.org/ns/credentials/v2'
const EUDISTACK = 'https://credentials.eudistack.eu/.well-known/credentials'
const contexts = {
  machineV1: 'https://www.evidenceledger.eu/2022/credentials/machine/v1',
  machineV2: `${EUDISTACK}/lear_credential_machine/w3c/v2`,
  employeeV1: 'https://trust-framework.dome-marketplace.eu/credentials/learcredentialemployee/v1',
  employeeV2: 'https://www.dome-marketplace.eu/2025/credentials/learcredentialemployee/v2',
  employeeV3: `${EUDISTACK}/lear_credential_employee/w3c/v3`,
}

const actions = ({ action }: Power): readonly string[] => (typeof action === 'string' ? [action] : action)
const domain = (power: Power): string => power.domain ?? 'DOME'

const tmfPower = (power: Power): Json => ({
  id: `power-${power.function}`,
  tmf_action: actions(power),
  tmf_domain: domain(power),
  tmf_function: power.function,
  tmf_type: power.type ?? 'Domain',
})
const gsonPower = (power: Power): Json => ({
  id: `power-${power.function}`,
  tmfAction: actions(power),
  tmfDomain: domain(power),
  tmfFunction: power.function,
  tmfType: power.type ?? 'Domain',
})
const plainPower = (power: Power): Json => ({
  type: power.type ?? 'domain',
  domain: domain(power),
  function: power.function,
  action: actions(power),
})
const namedPower = (power: Power): Json => ({
  id: `power-${power.function}`,
  action: actions(power),
  domain: domain(power),
  function: power.function,
  type: power.type ?? 'Domain',
})
/** The DOME trust-framework schema: no type, and the action as one string (the schema) or an array (its fixtures). */
const trustFrameworkPower = (power: Power, action: unknown): Json => ({
  id: `power-${power.function}`,
  domain: domain(power),
  function: power.function,
  action,
})

const mandatorV1 = ({ email, ...mandator }: Mandator): Json => ({ ...mandator, emailAddress: email })
const mandatorV3 = (mandator: Mandator): Json => ({ id: `did:elsi:${mandator.organizationIdentifier}`, ...mandator })

const machineV1 = ({ did, mandatee }: CredentialFacts): Json => ({
  id: did,
  serviceName: mandatee.serviceName,
  serviceType: mandatee.serviceType,
  version: mandatee.version,
  domain: mandatee.domain,
  ipAddress: mandatee.ipAddress,
  description: mandatee.description,
  contact: { email: mandatee.email, phone: mandatee.phone },
})
const machineV2 = ({ did, mandatee }: CredentialFacts): Json => ({
  id: did,
  domain: mandatee.domain,
  ipAddress: mandatee.ipAddress,
})
const employeeNames = ({ mandatee }: CredentialFacts): Json => ({
  firstName: mandatee.firstName,
  lastName: mandatee.lastName,
})
const employeeNamesV1 = ({ mandatee }: CredentialFacts): Json => ({
  first_name: mandatee.firstName,
  last_name: mandatee.lastName,
})
const employeeV1 = (facts: CredentialFacts): Json => ({
  id: facts.did,
  email: facts.mandatee.email,
  ...employeeNamesV1(facts),
  mobile_phone: facts.mandatee.phone,
})
const employeeV2 = (facts: CredentialFacts): Json => ({
  id: facts.did,
  email: facts.mandatee.email,
  ...employeeNames(facts),
  nationality: facts.mandatee.nationality,
})
const employeeV3 = (facts: CredentialFacts): Json => ({
  id: facts.did,
  employeeId: facts.mandatee.employeeId,
  email: facts.mandatee.email,
  ...employeeNames(facts),
})

const issuerObject = ({ issuer }: CredentialFacts): Json => ({
  id: issuer,
  organizationIdentifier: issuer.replace(/^did:elsi:/, ''),
  organization: 'Development Issuer',
  country: 'ES',
  commonName: 'Seal',
  serialNumber: 'B0000',
})
const signer = ({ issuer }: CredentialFacts): Json => ({
  commonName: 'Signer',
  country: 'ES',
  emailAddress: 'signer@example.com',
  organization: 'Development Issuer',
  organizationIdentifier: issuer.replace(/^did:elsi:/, ''),
  serialNumber: 'Q0000000J',
})

const validity = ({ validFrom, validUntil }: CredentialFacts): Json => ({ validFrom, validUntil })
const validityV1 = (facts: CredentialFacts): Json => ({
  ...validity(facts),
  expirationDate: facts.validUntil,
  issuanceDate: facts.validFrom,
})
const status = (facts: CredentialFacts): Json => (facts.status ? { credentialStatus: facts.status } : {})
const lifeSpan = ({ validFrom, validUntil }: CredentialFacts): Json => ({
  life_span: { start_date_time: validFrom, end_date_time: validUntil },
})

/** Everything of a credential of the first generation but its subject. */
const envelopeV1 = (facts: CredentialFacts, type: string, context: string): Json => ({
  '@context': [W3C_V2, context],
  id: facts.id,
  type: [type, 'VerifiableCredential'],
  issuer: facts.issuer,
  ...validityV1(facts),
  ...status(facts),
})
const mandateV1 = (facts: CredentialFacts, mandatee: Json, power: (power: Power) => Json): Json => ({
  id: `mandate-${facts.id}`,
  ...lifeSpan(facts),
  mandatee,
  mandator: mandatorV1(facts.mandator),
  power: facts.powers.map(power),
  signer: signer(facts),
})
/** Credentials of the second and third generation: an issuer object, a subject id, no life span. */
const credentialV2 = (
  facts: CredentialFacts,
  type: string,
  context: string,
  mandate: Json,
  subject: Json = {},
): Json => ({
  '@context': [W3C_V2, context],
  id: `urn:uuid:${facts.id}`,
  type: ['VerifiableCredential', type],
  issuer: issuerObject(facts),
  ...validity(facts),
  credentialSubject: { ...subject, mandate },
  ...status(facts),
})
const flatMandate = (facts: CredentialFacts, mandatee: Json): Json => ({
  mandatee,
  mandator: mandatorV3(facts.mandator),
  power: facts.powers.map(plainPower),
})
/** The claims of an SD-JWT VC with everything disclosed. */
const sdJwt = (facts: CredentialFacts, vct: string, mandatee: Json): Json => ({
  vct,
  iss: facts.issuer,
  nbf: Date.parse(facts.validFrom) / 1000,
  exp: Date.parse(facts.validUntil) / 1000,
  cnf: { jwk: facts.jwk },
  mandate: flatMandate(facts, mandatee),
  ...(facts.status && { status: facts.status }),
})

const trustFrameworkMachine = (facts: CredentialFacts, action: (power: Power) => unknown): Json => ({
  ...envelopeV1(facts, 'LEARCredentialMachine', contexts.machineV1),
  credentialSubject: {
    mandate: {
      ...mandateV1(facts, machineV1(facts), (power) => trustFrameworkPower(power, action(power))),
      life_span: { startDateTime: facts.validFrom, endDateTime: facts.validUntil },
    },
  },
})

/** Field names as Gson wrote them, and the record component's name for the subject, in builds around Verifier 1.0.14. */
function gsonMachine(facts: CredentialFacts): Json {
  const { '@context': context, ...envelope } = envelopeV1(facts, 'LEARCredentialMachine', contexts.machineV1)
  const { life_span: _, ...mandate } = mandateV1(facts, machineV1(facts), gsonPower)
  const lifeSpan = { startDateTime: facts.validFrom, endDateTime: facts.validUntil }
  return { context, ...envelope, credentialSubjectV1: { mandate: { ...mandate, lifeSpan } } }
}

/** The shapes a LEARCredential has had. */
export const dialects = {
  'machine-v1': {
    kind: 'machine',
    status: 'none',
    write: (facts) => ({
      ...envelopeV1(facts, 'LEARCredentialMachine', contexts.machineV1),
      credentialSubject: { mandate: mandateV1(facts, machineV1(facts), tmfPower) },
    }),
  },
  'machine-v1-gson': { kind: 'machine', status: 'none', write: gsonMachine },
  'machine-trust-framework': {
    kind: 'machine',
    status: 'none',
    write: (facts) => trustFrameworkMachine(facts, actions),
  },
  'machine-trust-framework-string': {
    kind: 'machine',
    status: 'none',
    write: (facts) => trustFrameworkMachine(facts, (power) => actions(power)[0]),
  },
  'machine-v2': {
    kind: 'machine',
    status: 'bitstring',
    write: (facts) =>
      credentialV2(facts, 'learcredential.machine.w3c.3', contexts.machineV2, flatMandate(facts, machineV2(facts)), {
        id: facts.did,
      }),
  },
  'machine-sd-jwt': {
    kind: 'machine',
    status: 'token',
    write: (facts) => sdJwt(facts, 'learcredential.machine.sd.1', machineV2(facts)),
  },
  'employee-v1': {
    kind: 'employee',
    status: 'none',
    write: (facts) => ({
      ...envelopeV1(facts, 'LEARCredentialEmployee', contexts.employeeV1),
      credentialSubject: { mandate: mandateV1(facts, employeeV1(facts), tmfPower) },
    }),
  },
  'employee-v2': {
    kind: 'employee',
    status: 'none',
    write: (facts) => {
      const mandate = {
        id: `mandate-${facts.id}`,
        mandatee: employeeV2(facts),
        mandator: mandatorV1(facts.mandator),
        power: facts.powers.map(namedPower),
      }
      return credentialV2(facts, 'LEARCredentialEmployee', contexts.employeeV2, mandate)
    },
  },
  /** Employee v2 as Verifier 1.x and 2.0 pass it on: old and new names side by side. */
  'employee-v2-normalised': {
    kind: 'employee',
    status: 'none',
    write: (facts) => {
      const mandate = {
        id: `mandate-${facts.id}`,
        mandatee: { ...employeeV2(facts), ...employeeNamesV1(facts) },
        mandator: mandatorV1(facts.mandator),
        power: facts.powers.map((power) => ({ ...namedPower(power), ...tmfPower(power) })),
      }
      const credential = credentialV2(facts, 'LEARCredentialEmployee', contexts.employeeV2, mandate)
      return { ...credential, issuer: { ...issuerObject(facts), emailAddress: null } }
    },
  },
  'employee-v3': {
    kind: 'employee',
    status: 'bitstring',
    write: (facts) =>
      credentialV2(facts, 'learcredential.employee.w3c.4', contexts.employeeV3, flatMandate(facts, employeeV3(facts)), {
        id: facts.did,
      }),
  },
  'employee-sd-jwt': {
    kind: 'employee',
    status: 'token',
    write: (facts) => sdJwt(facts, 'learcredential.employee.sd.1', employeeV3(facts)),
  },
} as const satisfies Record<string, Dialect>

/** The name of a credential shape. */
export type DialectName = keyof typeof dialects
