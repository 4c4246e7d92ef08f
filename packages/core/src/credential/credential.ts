/* Reads the credential behind a token, in one form for every dialect. */
import {
  CONTEXTS,
  CREDENTIAL_CLAIMS,
  CREDENTIAL_DATES,
  CREDENTIAL_NAMES,
  GENERIC_TYPES,
  JWT_CLAIMS,
  KIND_TYPES,
  STATUS,
  TYPES,
} from './dialects.js'
import { parseObject } from '../kit/json.js'
import {
  isCredential,
  readMandateSummary,
  readMandate,
  type MandateSummary,
  type Mandate,
} from './mandate.js'
import {
  firstOf,
  isObject,
  malformed,
  optional,
  getOwn,
  pathsOf,
  read,
  seconds,
  text,
  texts,
  type Json,
  type Paths,
} from '../kit/members.js'

export type { Mandate, Mandatee, Mandator, Power } from './mandate.js'

/**
 * Where the status of a credential is published: one entry of `credentialStatus`, or
 * `status.status_list`.
 */
export interface CredentialStatus {
  readonly id?: string
  /**
   * `BitstringStatusListEntry`, `TokenStatusListEntry`, `PlainListEntity` …; absent from an entry
   * that could not be read.
   */
  readonly type?: string
  /** `revocation`, `suspension` …; a token status list has none. */
  readonly purpose?: string
  /** Address of the list. */
  readonly list?: string
  /** Place in the list, in decimal digits. */
  readonly index?: string
}

/** The credential behind an access token, in one form for every dialect. */
export interface Credential {
  /** Without those that every credential has. */
  readonly types: readonly string[]
  /** Of the mandatee, by the types; `unknown` for types of neither kind. */
  readonly kind: 'machine' | 'employee' | 'unknown'
  readonly id?: string
  readonly issuerId?: string
  readonly context: readonly string[]
  /** In seconds since 1970. */
  readonly validFrom?: number
  /** In seconds since 1970. */
  readonly validUntil?: number
  readonly status: readonly CredentialStatus[]
  /** The `tenant` of the token. */
  readonly tenant?: string
  readonly mandate: Mandate
  /** The credential as it stands in the token, with all that has no normalised name. */
  readonly raw: Readonly<Record<string, unknown>>
}

/**
 * What a decision rests on in a credential. The rest, most of it about people, is read only for a
 * handler that asks.
 */
export interface CredentialSummary extends Pick<Credential, 'types' | 'kind'>, MandateSummary {
  readonly validFrom: number | undefined
  readonly validUntil: number | undefined
  readonly tenant: string | undefined
}

const namePaths = pathsOf(CREDENTIAL_NAMES)
const datePaths = pathsOf(CREDENTIAL_DATES)
const statusPaths = pathsOf(STATUS)
// The claims of the access token that a JWT registers are about the token, also where the
// credential is spread among them.
const flatNamePaths = withoutJwtClaims(namePaths)
const flatDatePaths = withoutJwtClaims(datePaths)

/**
 * Reads the credential that a Verifier put into an access token, whatever its dialect, into one
 * form.
 *
 * Pure, and made for claims whose signature was checked. Does not check the validity window, the
 * kind or any right; a name that no known dialect has is not read. Frozen, but for `raw`. Source:
 * the token bodies of Verifier 1.x to 3.3 and of FIWARE VCVerifier; where 3.3 puts flat claims
 * beside `vc`, the flat ones win.
 *
 * @param claims of a verified access token
 * @returns `undefined` when the token carries no credential
 * @throws {Denial} `credential_malformed` when its parts contradict each other or can't be read
 */
export function readCredential(claims: Json): Credential | undefined {
  const layers = credentialLayers(claims)
  if (layers === undefined) return undefined
  const root = layers.at(-1)!
  const summary = summaryOf(claims, layers)
  const { types, kind, validFrom, validUntil, tenant } = summary
  return Object.freeze({
    types,
    kind,
    ...optional('validFrom', validFrom),
    ...optional('validUntil', validUntil),
    ...optional('tenant', tenant),
    ...read(root, root === claims ? flatNamePaths : namePaths, text),
    context: texts(firstOf(CONTEXTS, (name) => getOwn(root, name))),
    status: Object.freeze(layers.flatMap(statusOf)),
    mandate: readMandate(claims, root, summary),
    raw: root,
  })
}

/**
 * Reads of the credential only what a decision rests on.
 *
 * @returns `undefined` when the token carries no credential
 * @throws {Denial} `credential_malformed`, wherever {@link readCredential} does
 */
export function readSummary(claims: Json): CredentialSummary | undefined {
  const layers = credentialLayers(claims)
  return layers && summaryOf(claims, layers)
}

/**
 * The objects that speak of the credential: the claims, and the credential itself where one of them
 * holds it.
 */
function credentialLayers(claims: Json): readonly Json[] | undefined {
  const embedded = embeddedCredential(claims)
  if (embedded !== undefined) return [claims, embedded]
  return isCredential(claims) ? [claims] : undefined
}

function summaryOf(claims: Json, layers: readonly Json[]): CredentialSummary {
  const root = layers.at(-1)!
  const types = typesOf(layers)
  const { validFrom, validUntil } = read(root, root === claims ? flatDatePaths : datePaths, seconds)
  const kind = kindOf(types)
  const tenant = text(getOwn(claims, 'tenant'))
  const mandate = readMandateSummary(claims, root)
  // Member by member: spreading would take twice as long, for every new token.
  return {
    types,
    kind,
    validFrom,
    validUntil,
    tenant,
    powers: mandate.powers,
    mandateeId: mandate.mandateeId,
    organizationIdentifier: mandate.organizationIdentifier,
    subjectId: mandate.subjectId,
  }
}

/** The credential that one of the claims holds as an object, as JSON, or as the first of a list. */
function embeddedCredential(claims: Json): Json | undefined {
  return firstOf(CREDENTIAL_CLAIMS, (name) => {
    const stated = getOwn(claims, name)
    const value: unknown = Array.isArray(stated) ? (stated[0] ?? undefined) : stated
    const credential = typeof value === 'string' ? parseObject(value) : value
    if (credential === undefined || isObject(credential)) return credential
    const actual = typeof credential === 'string' ? credential : `a ${typeof credential}`
    throw malformed(`the claim "${name}" to hold a credential as an object or its JSON`, actual)
  })
}

function typesOf(layers: readonly Json[]): readonly string[] {
  const types = new Set<string>()
  for (const layer of layers) {
    for (const name of TYPES) for (const type of texts(getOwn(layer, name))) types.add(type)
  }
  return Object.freeze([...types].filter((type) => !GENERIC_TYPES.has(type)))
}

function kindOf(types: readonly string[]): Credential['kind'] {
  const machine = types.some((type) => KIND_TYPES.machine.test(type))
  const employee = types.some((type) => KIND_TYPES.employee.test(type))
  if (machine && employee)
    throw malformed('a credential of one kind', 'types of a machine and of an employee')
  return machine ? 'machine' : employee ? 'employee' : 'unknown'
}

/**
 * Every entry, also one that can't be read: whoever asks for the status must see that there is one.
 */
function statusOf(layer: Json): readonly CredentialStatus[] {
  const status = getOwn(layer, 'status')
  const entries = [
    getOwn(layer, 'credentialStatus'),
    typeof status === 'object' ? status : undefined,
  ].flat()
  return entries
    .filter((entry) => entry !== undefined)
    .map((entry) => Object.freeze(readStatus(entry)))
}

/** An entry of a token status list has its members one level down, and no type. */
function readStatus(entry: unknown): CredentialStatus {
  if (!isObject(entry)) return {}
  const list = getOwn(entry, 'status_list')
  return read(
    isObject(list) ? { ...list, type: 'TokenStatusListEntry' } : entry,
    statusPaths,
    textOrIndex,
  )
}

/** A list of one is the one itself: JSON-LD writes either. */
function textOrIndex(stated: unknown): string | undefined {
  const value: unknown = Array.isArray(stated) && stated.length === 1 ? stated[0] : stated
  return Number.isSafeInteger(value) ? String(value) : text(value)
}

function withoutJwtClaims<Name extends string>(paths: Paths<Name>): Paths<Name> {
  return paths.map(([name, sources]) => [
    name,
    sources.filter(([source]) => !JWT_CLAIMS.has(source!)),
  ])
}
