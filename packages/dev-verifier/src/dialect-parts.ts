import type { Json } from './jwt.js'
import type { CredentialFacts, Mandator, Power } from './mandate.js'

const W3C_V2 = 'https://www.w3.org/ns/credentials/v2'
const EUDISTACK = 'https://credentials.eudistack.eu/.well-known/credentials'
/** The `@context` that distinguishes the credentials of the generations. */
export const contexts = {
  machineV1: 'https://www.evidenceledger.eu/2022/credentials/machine/v1',
  machineV2: `${EUDISTACK}/lear_credential_machine/w3c/v2`,
  employeeV1: 'https://trust-framework.dome-marketplace.eu/credentials/learcredentialemployee/v1',
  employeeV2: 'https://www.dome-marketplace.eu/2025/credentials/learcredentialemployee/v2',
  employeeV3: `${EUDISTACK}/lear_credential_employee/w3c/v3`,
}

/** The actions of a power, as a list. */
export function actions({ action }: Power): readonly string[] {
  return typeof action === 'string' ? [action] : action
}
function domain(power: Power): string {
  return power.domain ?? 'DOME'
}

/** A power in the names of the first generation. */
export function tmfPower(power: Power): Json {
  return {
    id: `power-${power.function}`,
    tmf_action: actions(power),
    tmf_domain: domain(power),
    tmf_function: power.function,
    tmf_type: power.type ?? 'Domain',
  }
}
/** The same, in the field names that Gson wrote. */
export function gsonPower(power: Power): Json {
  return {
    id: `power-${power.function}`,
    tmfAction: actions(power),
    tmfDomain: domain(power),
    tmfFunction: power.function,
    tmfType: power.type ?? 'Domain',
  }
}
function plainPower(power: Power): Json {
  return {
    type: power.type ?? 'domain',
    domain: domain(power),
    function: power.function,
    action: actions(power),
  }
}
/** A power in plain names, with an id. */
export function namedPower(power: Power): Json {
  return {
    id: `power-${power.function}`,
    action: actions(power),
    domain: domain(power),
    function: power.function,
    type: power.type ?? 'Domain',
  }
}
/**
 * The DOME trust-framework schema: no type, and the action as one string (the schema) or an array
 * (its fixtures).
 */
export function trustFrameworkPower(power: Power, action: unknown): Json {
  return {
    id: `power-${power.function}`,
    domain: domain(power),
    function: power.function,
    action,
  }
}

/** The mandator of the first two generations. */
export function mandatorV1({ email, ...mandator }: Mandator): Json {
  return {
    ...mandator,
    emailAddress: email,
  }
}
function mandatorV3(mandator: Mandator): Json {
  return {
    id: `did:elsi:${mandator.organizationIdentifier}`,
    ...mandator,
  }
}

/** The machine of the first generation. */
export function machineV1({ did, mandatee }: CredentialFacts): Json {
  return {
    id: did,
    serviceName: mandatee.serviceName,
    serviceType: mandatee.serviceType,
    version: mandatee.version,
    domain: mandatee.domain,
    ipAddress: mandatee.ipAddress,
    description: mandatee.description,
    contact: { email: mandatee.email, phone: mandatee.phone },
  }
}
/** The machine of the second generation. */
export function machineV2({ did, mandatee }: CredentialFacts): Json {
  return {
    id: did,
    domain: mandatee.domain,
    ipAddress: mandatee.ipAddress,
  }
}
function employeeNames({ mandatee }: CredentialFacts): Json {
  return {
    firstName: mandatee.firstName,
    lastName: mandatee.lastName,
  }
}
/** The names of an employee in the first generation. */
export function employeeNamesV1({ mandatee }: CredentialFacts): Json {
  return {
    first_name: mandatee.firstName,
    last_name: mandatee.lastName,
  }
}
/** The employee of the first generation. */
export function employeeV1(facts: CredentialFacts): Json {
  return {
    id: facts.did,
    email: facts.mandatee.email,
    ...employeeNamesV1(facts),
    mobile_phone: facts.mandatee.phone,
  }
}
/** The employee of the second generation. */
export function employeeV2(facts: CredentialFacts): Json {
  return {
    id: facts.did,
    email: facts.mandatee.email,
    ...employeeNames(facts),
    nationality: facts.mandatee.nationality,
  }
}
/** The employee of the third generation. */
export function employeeV3(facts: CredentialFacts): Json {
  return {
    id: facts.did,
    employeeId: facts.mandatee.employeeId,
    email: facts.mandatee.email,
    ...employeeNames(facts),
  }
}

/** The issuer as an object, as credentials since the second generation state it. */
export function issuerObject({ issuer }: CredentialFacts): Json {
  return {
    id: issuer,
    organizationIdentifier: issuer.replace(/^did:elsi:/, ''),
    organization: 'Development Issuer',
    country: 'ES',
    commonName: 'Seal',
    serialNumber: 'B0000',
  }
}
function signer({ issuer }: CredentialFacts): Json {
  return {
    commonName: 'Signer',
    country: 'ES',
    emailAddress: 'signer@example.com',
    organization: 'Development Issuer',
    organizationIdentifier: issuer.replace(/^did:elsi:/, ''),
    serialNumber: 'Q0000000J',
  }
}

function validity({ validFrom, validUntil }: CredentialFacts): Json {
  return { validFrom, validUntil }
}
function validityV1(facts: CredentialFacts): Json {
  return {
    ...validity(facts),
    expirationDate: facts.validUntil,
    issuanceDate: facts.validFrom,
  }
}
function status(facts: CredentialFacts): Json {
  return facts.status ? { credentialStatus: facts.status } : {}
}
function lifeSpan({ validFrom, validUntil }: CredentialFacts): Json {
  return {
    life_span: { start_date_time: validFrom, end_date_time: validUntil },
  }
}

/** Everything of a credential of the first generation but its subject. */
export function envelopeV1(facts: CredentialFacts, type: string, context: string): Json {
  return {
    '@context': [W3C_V2, context],
    id: facts.id,
    type: [type, 'VerifiableCredential'],
    issuer: facts.issuer,
    ...validityV1(facts),
    ...status(facts),
  }
}
/** The mandate of the first generation. */
export function mandateV1(
  facts: CredentialFacts,
  mandatee: Json,
  power: (power: Power) => Json,
): Json {
  return {
    id: `mandate-${facts.id}`,
    ...lifeSpan(facts),
    mandatee,
    mandator: mandatorV1(facts.mandator),
    power: facts.powers.map(power),
    signer: signer(facts),
  }
}
/** Credentials of the second and third generation: an issuer object, a subject id, no life span. */
export function credentialV2(
  facts: CredentialFacts,
  type: string,
  context: string,
  mandate: Json,
  subject: Json = {},
): Json {
  return {
    '@context': [W3C_V2, context],
    id: `urn:uuid:${facts.id}`,
    type: ['VerifiableCredential', type],
    issuer: issuerObject(facts),
    ...validity(facts),
    credentialSubject: { ...subject, mandate },
    ...status(facts),
  }
}
/** The mandate without a life span and a signer. */
export function flatMandate(facts: CredentialFacts, mandatee: Json): Json {
  return {
    mandatee,
    mandator: mandatorV3(facts.mandator),
    power: facts.powers.map(plainPower),
  }
}
/** The claims of an SD-JWT VC with everything disclosed. */
export function sdJwt(facts: CredentialFacts, vct: string, mandatee: Json): Json {
  return {
    vct,
    iss: facts.issuer,
    nbf: Date.parse(facts.validFrom) / 1_000,
    exp: Date.parse(facts.validUntil) / 1_000,
    cnf: { jwk: facts.jwk },
    mandate: flatMandate(facts, mandatee),
    // The claim `status` is the Token Status List's alone.
    ...(facts.status && {
      ['status_list' in facts.status ? 'status' : 'credentialStatus']: facts.status,
    }),
  }
}
