import { isObject, type Json } from './jwt.js'
import { contexts } from './dialect-parts.js'
import { mandateOf } from './tokens.js'

/** The names of the first generation, the only ones that the records of Verifiers 1.x know. */
const MEMBERS = {
  mandate: ['id', 'life_span', 'mandatee', 'mandator', 'power', 'signer'],
  mandatee: [
    'id',
    'serviceName',
    'serviceType',
    'version',
    'domain',
    'ipAddress',
    'description',
    'contact',
  ],
  mandator: [
    'commonName',
    'country',
    'emailAddress',
    'organization',
    'organizationIdentifier',
    'serialNumber',
  ],
  power: ['id', 'tmf_action', 'tmf_domain', 'tmf_function', 'tmf_type'],
  lifeSpan: ['start_date_time', 'end_date_time'],
}

/**
 * A machine's credential as Verifiers up to 2.0.0 write it into a token: read through the records
 * of the first generation. A power in newer names keeps its `id` at most, and so grants nothing.
 */
export function throughFirstRecords(credential: Json): Json {
  return withMandate(credential, { mandate: throughRecords(mandateOf(credential), MEMBERS.power) })
}

/**
 * A machine's credential as Verifiers 2.0.7 and later write it: the second generation as it is, all
 * else through the records of the first, which no longer know the `id` of a power.
 */
export function throughSecondRecords(credential: Json): Json {
  const context: unknown = credential['@context']
  if (Array.isArray(context) && context.includes(contexts.machineV2)) return credential
  const [, ...power] = MEMBERS.power
  return withMandate(credential, { mandate: throughRecords(mandateOf(credential), power) })
}

function withMandate(
  { credentialSubjectV1: _, ...credential }: Json,
  credentialSubject: Json,
): Json {
  return { ...credential, credentialSubject }
}

function throughRecords(mandate: Json, powerMembers: readonly string[]): Json {
  const { life_span: lifeSpan, mandatee, mandator, power } = mandate
  const record = {
    ...mandate,
    ...(isObject(lifeSpan) && { life_span: pick(lifeSpan, MEMBERS.lifeSpan) }),
    ...(isObject(mandatee) && { mandatee: pick(mandatee, MEMBERS.mandatee) }),
    ...(isObject(mandator) && { mandator: pick(mandator, MEMBERS.mandator) }),
    ...(Array.isArray(power) && {
      power: power.map((entry) => (isObject(entry) ? pick(entry, powerMembers) : {})),
    }),
  }
  return pick(record, MEMBERS.mandate)
}

function pick(from: Json, names: readonly string[]): Json {
  return Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]))
}
