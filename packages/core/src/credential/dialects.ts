/*
 * How the dialects of the LEARCredential name things, from the first Gson builds of the Verifier to
 * the SD-JWT form.
 *
 * Each normalised name stands beside the names it has in real tokens, in the order in which they
 * are tried; a dot leads into an object. A normalised name is one of its own sources, so that
 * reading what was read before changes nothing. A name that is not here is not read: a dialect that
 * is not known yet yields powers that match nothing.
 */

/** Claims that hold a credential: the object, its JSON, or a list of either. */
export const CREDENTIAL_CLAIMS = ['vc', 'verifiableCredential', 'verifiablePresentation'] as const

/**
 * Members of a credential that hold its subject. The numbered ones are record names that
 * in2-verifier-api once let through.
 */
export const SUBJECTS = [
  'credentialSubject',
  'credentialSubjectV1',
  'credentialSubjectV2',
  'credentialSubjectV3',
] as const

/** Types that every credential has, and that say nothing. */
export const GENERIC_TYPES: ReadonlySet<string> = new Set([
  'VerifiableCredential',
  'VerifiableAttestation',
])

/** Types by which a credential shows the kind of its subject. */
export const KIND_TYPES = {
  machine: /^(?:LEARCredentialMachine$|learcredential\.machine\.|eu\.europa\.ec\.eudi\.lcm\.1$)/,
  employee: /^(?:LEARCredentialEmployee$|learcredential\.employee\.|eu\.europa\.ec\.eudi\.lce\.1$)/,
} as const

export const CREDENTIAL_NAMES = {
  id: ['id', 'jti'],
  issuerId: ['issuer.id', 'issuer', 'iss', 'issuerId'],
} as const

export const CREDENTIAL_DATES = {
  validFrom: ['validFrom', 'issuanceDate', 'nbf'],
  validUntil: ['validUntil', 'expirationDate', 'exp'],
} as const

/**
 * Sources that speak of the JWT around them: read from a credential inside the token, never from
 * the token's own claims.
 */
export const JWT_CLAIMS: ReadonlySet<string> = new Set(['jti', 'iss', 'nbf', 'exp'])

export const CONTEXTS = ['@context', 'context'] as const

export const TYPES = ['credential_type', 'type', 'vct', 'types'] as const

export const POWERS = ['power', 'powers'] as const

export const LIFE_SPANS = ['life_span', 'lifeSpan'] as const

export const LIFE_SPAN = {
  start: ['start_date_time', 'startDateTime', 'start'],
  end: ['end_date_time', 'endDateTime', 'end'],
} as const

export const MANDATEE = {
  id: ['id'],
  email: ['email', 'emailAddress', 'contact.email'],
  firstName: ['firstName', 'first_name'],
  lastName: ['lastName', 'last_name'],
  phone: ['mobile_phone', 'mobilePhone', 'contact.phone', 'contact.mobilePhone', 'phone'],
  employeeId: ['employeeId'],
  nationality: ['nationality'],
  domain: ['domain'],
  ipAddress: ['ipAddress'],
  serviceName: ['serviceName'],
  serviceType: ['serviceType'],
  version: ['version'],
  description: ['description'],
} as const

export const MANDATOR = {
  id: ['id'],
  organizationIdentifier: ['organizationIdentifier', 'organization_identifier'],
  organization: ['organization'],
  country: ['country'],
  commonName: ['commonName'],
  serialNumber: ['serialNumber'],
  email: ['email', 'emailAddress'],
} as const

export const POWER = {
  id: ['id'],
  type: ['type', 'tmf_type', 'tmfType'],
  domain: ['domain', 'tmf_domain', 'tmfDomain'],
  function: ['function', 'tmf_function', 'tmfFunction'],
} as const

export const POWER_ACTIONS = ['action', 'tmf_action', 'tmfAction', 'actions'] as const

export const STATUS = {
  id: ['id'],
  type: ['type'],
  purpose: ['statusPurpose', 'purpose'],
  list: ['statusListCredential', 'uri', 'list'],
  index: ['statusListIndex', 'idx', 'index'],
} as const
