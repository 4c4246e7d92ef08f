import { isObject, type Json } from './jwt.js'
import { contexts } from './dialect-parts.js'
import { mandateOf, subjectOf } from './tokens.js'

const POWER_MEMBERS = ['id', 'tmf_action', 'tmf_domain', 'tmf_function', 'tmf_type']
const LIFE_SPAN_MEMBERS = ['start_date_time', 'end_date_time']

/**
 * A machine's credential as Verifiers 1.x and 2.0 write it into a token: read through records that
 * know only the names of the first generation. A power in newer names comes out as `{}`, and so
 * grants nothing.
 */
export function throughLegacyRecords(credential: Json): Json {
  const context: unknown = credential['@context']
  const mandate = mandateOf(credential)
  if (
    !Array.isArray(mandate['power']) ||
    (Array.isArray(context) && context.includes(contexts.machineV2))
  )
    return credential
  const power = mandate['power'].map((entry) =>
    isObject(entry) && 'tmf_function' in entry ? pick(entry, POWER_MEMBERS) : {},
  )
  const lifeSpan = mandate['life_span']
  const life_span = isObject(lifeSpan) ? pick(lifeSpan, LIFE_SPAN_MEMBERS) : lifeSpan
  const subject = {
    ...subjectOf(credential),
    mandate: { ...mandate, ...(lifeSpan !== undefined && { life_span }), power },
  }
  return { ...credential, credentialSubject: subject }
}

function pick(from: Json, names: readonly string[]): Json {
  return Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]))
}
