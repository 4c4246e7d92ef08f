import type { Json } from './jwt.js'
import type { CredentialFacts, Kind, Power } from './mandate.js'
import {
  contexts,
  actions,
  tmfPower,
  gsonPower,
  namedPower,
  trustFrameworkPower,
  mandatorV1,
  machineV1,
  machineV2,
  employeeNamesV1,
  employeeV1,
  employeeV2,
  employeeV3,
  issuerObject,
  envelopeV1,
  mandateV1,
  credentialV2,
  flatMandate,
  sdJwt,
} from './dialect-parts.js'

interface Dialect {
  readonly kind: Kind
  /** Whether the credential names a status list when nothing else is asked for. */
  readonly status: 'none' | 'bitstring' | 'token'
  readonly write: (facts: CredentialFacts) => Json
}

function trustFrameworkMachine(facts: CredentialFacts, action: (power: Power) => unknown): Json {
  return {
    ...envelopeV1(facts, 'LEARCredentialMachine', contexts.machineV1),
    credentialSubject: {
      mandate: {
        ...mandateV1(facts, machineV1(facts), (power) => trustFrameworkPower(power, action(power))),
        life_span: { startDateTime: facts.validFrom, endDateTime: facts.validUntil },
      },
    },
  }
}

/**
 * Field names as Gson wrote them, and the record component's name for the subject, in builds around
 * Verifier 1.0.14.
 */
function gsonMachine(facts: CredentialFacts): Json {
  const { '@context': context, ...envelope } = envelopeV1(
    facts,
    'LEARCredentialMachine',
    contexts.machineV1,
  )
  const { life_span: _, ...mandate } = mandateV1(facts, machineV1(facts), gsonPower)
  const lifeSpan = { startDateTime: facts.validFrom, endDateTime: facts.validUntil }
  return { context, ...envelope, credentialSubjectV1: { mandate: { ...mandate, lifeSpan } } }
}

function machineV2Credential(facts: CredentialFacts, type: string): Json {
  const mandate = flatMandate(facts, machineV2(facts))
  return credentialV2(facts, type, contexts.machineV2, mandate, { id: facts.did })
}

/**
 * The shapes that a LEARCredential has had, and how each is written.
 *
 * @example
 * ```ts
 * import { createDevVerifier } from '@verifier-guard/dev-verifier'
 *
 * createDevVerifier().issueMachineCredential({ dialect: 'machine-v1' })
 * ```
 */
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
    write: (facts) => machineV2Credential(facts, 'learcredential.machine.w3c.3'),
  },
  /** Machine v2 under the type of the first generation, as Verifiers 2.x take it. */
  'machine-v2-lear': {
    kind: 'machine',
    status: 'bitstring',
    write: (facts) => machineV2Credential(facts, 'LEARCredentialMachine'),
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
      credentialV2(
        facts,
        'learcredential.employee.w3c.4',
        contexts.employeeV3,
        flatMandate(facts, employeeV3(facts)),
        {
          id: facts.did,
        },
      ),
  },
  'employee-sd-jwt': {
    kind: 'employee',
    status: 'token',
    write: (facts) => sdJwt(facts, 'learcredential.employee.sd.1', employeeV3(facts)),
  },
} as const satisfies Record<string, Dialect>

/** The name of a credential shape. */
export type DialectName = keyof typeof dialects
