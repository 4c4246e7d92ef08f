/*
 * The status of a credential, by the lists that its entries name. Credential in, a refusal or none
 * out (W3C Bitstring Status List, IETF Token Status List).
 */
import type { Credential, CredentialStatus } from '../credential/credential.js'
import { printable, quote } from '../kit/display.js'
import { configurationError, type Refusal } from '../kit/errors.js'
import type { Emitter } from '../kit/events.js'
import { andThen, type Later } from '../kit/later.js'
import { LRUCache } from '../kit/lru-cache.js'
import type { Runtime } from '../kit/runtime.js'
import { readUrl } from '../kit/url.js'
import type { CheckedLists, StatusListSettings } from '../options/status-lists.js'
import { LIST_FORMS, type ListForm } from './forms.js'
import { keepList, type KeptList, type Knowledge, type StatusListHealth } from './kept-list.js'
import { createListVerifier } from './signer.js'
import type { ListSource } from './list.js'

/** The status lists of a resource server. */
export interface StatusLists {
  /**
   * Looks up whether a credential is neither revoked nor suspended.
   *
   * @param unlisted answers for a credential that states no status, or one of an unknown form
   */
  check(
    credential: Credential | undefined,
    unlisted: (actual: string) => Refusal | undefined,
  ): Later<Refusal | undefined>
  health(): readonly StatusListHealth[]
  close(): void
}

type Trust = Pick<ListSource, 'verifier' | 'order'> & { readonly base: string }
type ListAt = (url: string, form: ListForm) => KeptList | undefined

/** What a credential's status must be, as it stands in reasons. */
export const NOT_REVOKED = 'a credential that is not revoked'

/** Purposes for which a set status stops a credential; others only say something about it. */
const STOPPING: readonly (string | undefined)[] = ['revocation', 'suspension', undefined]
const INDEX = /^(?:0|[1-9]\d{0,9})$/
const MAX_LISTS = 64
/** Each entry may name another list, and so cause a fetch; credentials have one or two. */
const MAX_ENTRIES = 8
/**
 * Characters by which a server may read a path otherwise than it is written here, and so leave the
 * place that is trusted: escaped control characters, dots, slashes and percent signs, and the path
 * parameters that Java servers cut off before they resolve "..".
 */
const AMBIGUOUS = /;|%(?:[01][\da-f]|2[5ef]|3b|5c|7f)/i

/**
 * Makes the status lists of a server; nothing is fetched before it is asked for.
 *
 * @throws {GuardError} `invalid_configuration`
 */
export function createStatusLists(
  settings: StatusListSettings | undefined,
  runtime: Runtime,
  emitter: Emitter,
): StatusLists {
  if (settings === undefined) return noLists
  const trusted = settings.lists.map(trust)
  const kept = new LRUCache<string, KeptList>({
    max: MAX_LISTS,
    dispose: (list) => list.close(),
  })
  let isClosed = false
  const listAt: ListAt = (url, form) => {
    const name = `${form.entry} ${url}`
    const known = kept.get(name)
    if (known !== undefined) return known
    const place = placeOf(url, trusted)
    if (place === undefined) return undefined
    const { verifier, order } = place
    const list = keepList({ url, form, verifier, order }, { limits: settings, runtime, emitter })
    if (isClosed) list.close()
    else kept.set(name, list)
    return list
  }
  return {
    check(credential, unlisted) {
      const entries = credential?.status.filter(({ purpose }) => STOPPING.includes(purpose)) ?? []
      if (entries.length === 0) return unlisted('a credential that states no status')
      if (entries.length > MAX_ENTRIES)
        return unmet(
          `a credential with ${entries.length} statuses, of which ${MAX_ENTRIES} are read`,
        )
      return firstRefusal(entries.map((entry) => checkEntry(entry, listAt, unlisted)))
    },
    health: () => [...kept.values()].map((list) => list.health()),
    close: () => {
      isClosed = true
      kept.clear()
    },
  }
}

const noLists: StatusLists = {
  check() {
    throw configurationError(
      'the option "status" of the resource server, for requiredStatus()',
      'none',
      'state where the status lists are: status: { lists: [{ url, keys }] }',
    )
  },
  health: () => [],
  close: () => {},
}

function trust({ url, bitOrder, ...signer }: CheckedLists): Trust {
  const { origin, pathname } = new URL(url)
  return {
    base: origin + pathname.replace(/\/?$/, '/'),
    verifier: createListVerifier(signer),
    order: bitOrder,
  }
}

function placeOf(url: string, trusted: readonly Trust[]): Trust | undefined {
  // The address as it will be fetched: with its dots resolved.
  const address = readUrl(url)
  if (address === undefined || AMBIGUOUS.test(address.pathname)) return undefined
  return trusted.find(({ base }) => address.href.startsWith(base))
}

function checkEntry(
  entry: CredentialStatus,
  listAt: ListAt,
  unlisted: (actual: string) => Refusal | undefined,
): Later<Refusal | undefined> {
  const { type, list: url, index = '' } = entry
  const form = LIST_FORMS.find((one) => one.entry === type)
  if (form === undefined) return unlisted(`a status of the type ${quote(type)}`)
  if (url === undefined || !INDEX.test(index))
    return unmet('a status entry without a list or an index')
  const list = listAt(url, form)
  if (list === undefined)
    return unmet(`a status list at ${quote(url)}`, 'add its address to "lists" if you trust it')
  return andThen(list.get(), (known) => verdictOf(known, entry))
}

function verdictOf(
  known: Knowledge,
  { list: url, index, purpose }: CredentialStatus,
): Refusal | undefined {
  if ('open' in known) return undefined
  const address = printable(`${url}`)
  if ('unavailable' in known) {
    const reason = {
      check: 'status',
      expected: `the status list ${address}`,
      actual: known.unavailable,
    }
    return { code: 'status_unavailable', reason, retryAfter: known.retryAfter }
  }
  if (!known.list.serves(purpose))
    return unmet(`a status list for other purposes than ${quote(purpose)}`)
  const status = known.list.at(Number(index))
  if (status === 0) return undefined
  if (status === undefined) return unmet('an index beyond the status list')
  const actual = `status ${status} of ${printable(`${url} (${purpose ?? 'no purpose'})`)}`
  return {
    code: 'credential_revoked',
    reason: { check: 'status', expected: NOT_REVOKED, actual },
  }
}

/** The refusal of a credential whose status can't be looked up for what it says itself. */
export function unmet(actual: string, hint?: string): Refusal {
  const reason = { check: 'status', expected: NOT_REVOKED, actual }
  return { code: 'rule_unmet', reason: { ...reason, ...(hint !== undefined && { hint }) } }
}

/** At once where every list is at hand. */
function firstRefusal(outcomes: readonly Later<Refusal | undefined>[]): Later<Refusal | undefined> {
  const first = (settled: readonly (Refusal | undefined)[]) =>
    settled.find((outcome) => outcome !== undefined)
  const waitsFor = outcomes.filter((outcome) => outcome instanceof Promise)
  return waitsFor.length === 0
    ? first(outcomes as (Refusal | undefined)[])
    : Promise.all(outcomes.map(async (outcome) => outcome)).then(first)
}
