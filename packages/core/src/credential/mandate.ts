/* Reads the mandate of a credential, in every dialect. */
import {
  LIFE_SPAN,
  LIFE_SPANS,
  MANDATEE,
  MANDATOR,
  POWER,
  POWER_ACTIONS,
  POWERS,
  SUBJECTS,
} from './dialects.js'
import {
  frozenCopy,
  firstOf,
  isObject,
  malformed,
  optional,
  getOwn,
  pathsOf,
  read,
  text,
  texts,
  type Json,
} from '../kit/members.js'

/**
 * One right that a mandate grants. A member that the credential leaves out is absent, and then
 * satisfies no requirement that names it.
 */
export interface Power {
  readonly id?: string
  readonly type?: string
  readonly domain?: string
  readonly function?: string
  /** Never empty: a power without actions grants nothing and is left out. */
  readonly actions: readonly string[]
}

/** The organisation that grants, and the person who signed for it. */
export interface Mandator {
  readonly id?: string
  /** Without the prefix `did:elsi:`, so that generations compare: `VATES-B12345678`. */
  readonly organizationIdentifier?: string
  readonly organization?: string
  readonly country?: string
  readonly commonName?: string
  readonly serialNumber?: string
  readonly email?: string
}

/** The machine or employee that acts. */
export interface Mandatee {
  /** A DID: the one name of a caller that is the same in every generation. */
  readonly id?: string
  readonly email?: string
  readonly firstName?: string
  readonly lastName?: string
  readonly phone?: string
  readonly employeeId?: string
  readonly nationality?: string
  readonly domain?: string
  readonly ipAddress?: string
  readonly serviceName?: string
  readonly serviceType?: string
  readonly version?: string
  readonly description?: string
}

/** What a mandator grants to a mandatee. */
export interface Mandate {
  readonly id?: string
  readonly mandator: Mandator
  readonly mandatee: Mandatee
  readonly powers: readonly Power[]
  /**
   * As stated, for information: first-generation credentials only, and in more than one date
   * format. Validity is the credential's.
   */
  readonly lifeSpan?: { readonly start?: string; readonly end?: string }
}

const ELSI = /^(?:did:elsi:)+(?=.)/

/** The mandator's own id names the organisation only as the DID that is made of its identifier. */
const ORGANISATION_SOURCES = [...MANDATOR.organizationIdentifier, 'id'] as const

const lifeSpanPaths = pathsOf(LIFE_SPAN)
const mandateePaths = pathsOf(MANDATEE)
const mandatorPaths = pathsOf(MANDATOR)
const powerPaths = pathsOf(POWER)

/** What a mandate grants, and to whom: all of it that a decision rests on. */
export interface MandateSummary {
  readonly powers: readonly Power[]
  readonly mandateeId: string | undefined
  /** As {@link Mandator}'s: events name it. */
  readonly organizationIdentifier: string | undefined
  /** `credentialSubject.id`, to whose key Verifiers from 2.0.10 on bind a presentation. */
  readonly subjectId: string | undefined
}

/**
 * Reads what a mandate grants; where flat claims stand beside the credential, theirs wins, member
 * by member.
 *
 * @param claims of the access token
 * @param root the credential: in one of the claims, or the claims themselves
 * @throws {Denial} `credential_malformed` when different organisations are named
 */
export function readMandateSummary(claims: Json, root: Json): MandateSummary {
  const { flat, inner, choose } = mandateLayers(claims, root)
  agreeOnOrganisation([claims, flat, root, inner])
  const mandatee = choose(['mandatee'])
  const stated = isObject(mandatee) ? text(getOwn(mandatee, 'id')) : undefined
  const mandator = choose(['mandator'])
  return {
    powers: readPowers(choose(POWERS)),
    mandateeId: stated ?? fallbackId(claims, root),
    organizationIdentifier: isObject(mandator) ? organisationsOf(mandator)[0] : undefined,
    subjectId: subjectIdOf(root),
  }
}

/** Reads the whole mandate, in which {@link readMandateSummary} found what it grants. */
export function readMandate(
  claims: Json,
  root: Json,
  { powers, mandateeId }: Pick<MandateSummary, 'powers' | 'mandateeId'>,
): Mandate {
  const { inner, choose } = mandateLayers(claims, root)
  return Object.freeze({
    // A mandate that is the credential itself has no name of its own.
    ...optional('id', inner === root ? undefined : text(getOwn(inner, 'id'))),
    mandator: readMandator(choose(['mandator'])),
    mandatee: readMandatee(choose(['mandatee']), mandateeId),
    powers,
    ...optional('lifeSpan', readLifeSpan(choose(LIFE_SPANS))),
  })
}

function mandateLayers(claims: Json, root: Json) {
  const inner = mandateIn(root)
  const flat = root === claims ? inner : mandateIn(claims)
  const choose = (names: readonly string[]) =>
    firstOf(names, (name) => getOwn(flat, name)) ?? firstOf(names, (name) => getOwn(inner, name))
  return { inner, flat, choose }
}

/** Whether the claims of a token are a credential themselves, as flat claims and an SD-JWT are. */
export function isCredential(claims: Json): boolean {
  const holds = (name: string) => typeof getOwn(claims, name) === 'object'
  return (
    holds('mandate') || subjectOf(claims) !== undefined || (holds('mandator') && POWERS.some(holds))
  )
}

/**
 * The object that holds mandator, mandatee and powers: in the subject, beside it, or the credential
 * itself.
 */
function mandateIn(root: Json): Json {
  const candidates = [getOwn(subjectOf(root) ?? {}, 'mandate'), getOwn(root, 'mandate')]
  return candidates.find(isObject) ?? root
}

function subjectIdOf(root: Json): string | undefined {
  return text(getOwn(subjectOf(root) ?? {}, 'id'))
}

function subjectOf(root: Json): Json | undefined {
  const subject = firstOf(SUBJECTS, (name) => getOwn(root, name))
  const one: unknown = Array.isArray(subject) ? subject[0] : subject
  return isObject(one) ? one : undefined
}

/**
 * Wherever the organisation is stated, and by whatever name, it must be the same: what one reader
 * takes from here another takes from there.
 */
function agreeOnOrganisation(layers: readonly Json[]): void {
  let agreed: string | undefined
  let read: unknown
  for (const layer of layers) {
    const mandator = getOwn(layer, 'mandator')
    // Mostly the layers are one and the same: read once, it agrees with itself.
    if (mandator === read || !isObject(mandator)) continue
    read = mandator
    for (const organisation of organisationsOf(mandator)) {
      agreed ??= organisation
      if (organisation !== agreed)
        throw malformed('one mandating organisation', 'another in one place than in another')
    }
  }
}

/** Lists of the ecosystem write the bare identifier, credentials the DID that is made of it. */
function organisationsOf(mandator: Json): readonly string[] {
  const organisations: string[] = []
  for (const name of ORGANISATION_SOURCES) {
    const stated = text(getOwn(mandator, name))
    if (stated === undefined || (name === 'id' && !ELSI.test(stated))) continue
    organisations.push(stated.replace(ELSI, ''))
  }
  return organisations
}

function readMandator(value: unknown): Mandator {
  const stated = isObject(value) ? value : {}
  const names = read(stated, mandatorPaths, text)
  return Object.freeze({
    ...names,
    ...optional('organizationIdentifier', organisationsOf(stated)[0]),
  })
}

function readMandatee(value: unknown, id: string | undefined): Mandatee {
  return Object.freeze({
    ...read(isObject(value) ? value : {}, mandateePaths, text),
    ...optional('id', id),
  })
}

/**
 * The DID of a mandatee that states none. Verifier 1.x and 2.x made `sub` of it; later ones make
 * `sub` of whatever their profile says.
 */
function fallbackId(claims: Json, root: Json): string | undefined {
  const subjectId = subjectIdOf(root)
  if (subjectId !== undefined || root === claims || Object.hasOwn(claims, 'credential_type'))
    return subjectId
  const subject = text(getOwn(claims, 'sub'))
  return subject?.startsWith('did:') ? subject : undefined
}

function readPowers(value: unknown): readonly Power[] {
  const powers = Array.isArray(value)
    ? (value as readonly unknown[]).filter(isObject).map(readPower)
    : []
  return frozenCopy(powers.filter(({ actions }) => actions.length > 0))
}

function readPower(stated: Json): Power {
  const actions = firstOf(POWER_ACTIONS, (name) => someTexts(getOwn(stated, name))) ?? []
  return Object.freeze(Object.assign(read(stated, powerPaths, text), { actions }))
}

function someTexts(value: unknown): readonly string[] | undefined {
  const list = value === undefined ? [] : texts(value)
  return list.length > 0 ? list : undefined
}

function readLifeSpan(value: unknown): Mandate['lifeSpan'] {
  const lifeSpan = isObject(value) ? read(value, lifeSpanPaths, text) : {}
  return Object.keys(lifeSpan).length === 0 ? undefined : Object.freeze(lifeSpan)
}
