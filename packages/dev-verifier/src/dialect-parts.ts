import type { Json } from './jwt.js'
import type { CredentialFacts, Mandator, Power } from './mandate.js'

const W3C_V2 = 'https://www.w3.org/ns/credentials/v2'
const EUDISTACK = 'https://credentials.eudistack.eu/.well-known/credentials'
export const contexts = {
  machineV1: 'https://www.evidenceledger.eu/2022/credentials/machine/v1',
  machineV2: `${EUDISTACK}/lear_credential_machine/w3c/v2`,
  employeeV1: 'https://trust-framework.dome-marketplace.eu/credentials/learcredentialemployee/v1',
  employeeV2: 'https://www.dome-marketplace.eu/2025/credentials/learcredentialemployee/v2',
  employeeV3: `${EUDISTACK}/lear_credential_employee/w3c/v3`,
}

export const actions = ({ action }: Power): readonly string[] =>
  typeof action === 'string' ? [action] : action
const domain = (power: Power): string => power.domain ?? 'DOME'

export const tmfPower = (power: Power): Json => ({
  id: `power-${power.function}`,
  tmf_action: actions(power),
  tmf_domain: domain(power),
  tmf_function: power.function,
  tmf_type: power.type ?? 'Domain',
})
export const gsonPower = (power: Power): Json => ({
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
export const namedPower = (power: Power): Json => ({
  id: `power-${power.function}`,
  action: actions(power),
  domain: domain(power),
  function: power.function,
  type: power.type ?? 'Domain',
})
/**
 * The DOME trust-framework schema: no type, and the action as one string (the schema) or an array
 * (its fixtures).
 */
export const trustFrameworkPower = (power: Power, action: unknown): Json => ({
  id: `power-${power.function}`,
  domain: domain(power),
  function: power.function,
  action,
})

export const mandatorV1 = ({ email, ...mandator }: Mandator): Json => ({
  ...mandator,
  emailAddress: email,
})
const mandatorV3 = (mandator: Mandator): Json => ({
  id: `did:elsi:${mandator.organizationIdentifier}`,
  ...mandator,
})

export const machineV1 = ({ did, mandatee }: CredentialFacts): Json => ({
  id: did,
  serviceName: mandatee.serviceName,
  serviceType: mandatee.serviceType,
  version: mandatee.version,
  domain: mandatee.domain,
  ipAddress: mandatee.ipAddress,
  description: mandatee.description,
  contact: { email: mandatee.email, phone: mandatee.phone },
})
export const machineV2 = ({ did, mandatee }: CredentialFacts): Json => ({
  id: did,
  domain: mandatee.domain,
  ipAddress: mandatee.ipAddress,
})
const employeeNames = ({ mandatee }: CredentialFacts): Json => ({
  firstName: mandatee.firstName,
  lastName: mandatee.lastName,
})
export const employeeNamesV1 = ({ mandatee }: CredentialFacts): Json => ({
  first_name: mandatee.firstName,
  last_name: mandatee.lastName,
})
export const employeeV1 = (facts: CredentialFacts): Json => ({
  id: facts.did,
  email: facts.mandatee.email,
  ...employeeNamesV1(facts),
  mobile_phone: facts.mandatee.phone,
})
export const employeeV2 = (facts: CredentialFacts): Json => ({
  id: facts.did,
  email: facts.mandatee.email,
  ...employeeNames(facts),
  nationality: facts.mandatee.nationality,
})
export const employeeV3 = (facts: CredentialFacts): Json => ({
  id: facts.did,
  employeeId: facts.mandatee.employeeId,
  email: facts.mandatee.email,
  ...employeeNames(facts),
})

export const issuerObject = ({ issuer }: CredentialFacts): Json => ({
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
const status = (facts: CredentialFacts): Json =>
  facts.status ? { credentialStatus: facts.status } : {}
const lifeSpan = ({ validFrom, validUntil }: CredentialFacts): Json => ({
  life_span: { start_date_time: validFrom, end_date_time: validUntil },
})

/** Everything of a credential of the first generation but its subject. */
export const envelopeV1 = (facts: CredentialFacts, type: string, context: string): Json => ({
  '@context': [W3C_V2, context],
  id: facts.id,
  type: [type, 'VerifiableCredential'],
  issuer: facts.issuer,
  ...validityV1(facts),
  ...status(facts),
})
export const mandateV1 = (
  facts: CredentialFacts,
  mandatee: Json,
  power: (power: Power) => Json,
): Json => ({
  id: `mandate-${facts.id}`,
  ...lifeSpan(facts),
  mandatee,
  mandator: mandatorV1(facts.mandator),
  power: facts.powers.map(power),
  signer: signer(facts),
})
/** Credentials of the second and third generation: an issuer object, a subject id, no life span. */
export const credentialV2 = (
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
export const flatMandate = (facts: CredentialFacts, mandatee: Json): Json => ({
  mandatee,
  mandator: mandatorV3(facts.mandator),
  power: facts.powers.map(plainPower),
})
/** The claims of an SD-JWT VC with everything disclosed. */
export const sdJwt = (facts: CredentialFacts, vct: string, mandatee: Json): Json => ({
  vct,
  iss: facts.issuer,
  nbf: Date.parse(facts.validFrom) / 1000,
  exp: Date.parse(facts.validUntil) / 1000,
  cnf: { jwk: facts.jwk },
  mandate: flatMandate(facts, mandatee),
  // The claim `status` is the Token Status List's alone.
  ...(facts.status && {
    ['status_list' in facts.status ? 'status' : 'credentialStatus']: facts.status,
  }),
})
