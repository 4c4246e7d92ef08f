/*
 * Where the status of credentials is looked up, as the application states it. Options in, settings
 * out.
 */
import type { JwkSet } from '../jwt/key.js'
import type { PublicKeys } from '../jwt/public-keys.js'
import { quote, quoteAddress } from '../kit/display.js'
import { configurationError } from '../kit/errors.js'
import {
  closedOrOpenFor,
  readOptions,
  seconds,
  namedWithin,
  type OptionRows,
} from '../kit/option-rows.js'
import { describeInsecure } from '../kit/url.js'
import { keysNamed } from './keys.js'

/** Which end of a byte the first entry of a list is at. */
export type BitOrder = 'msb' | 'lsb'

/** Whose signature a status list needs. */
export type ListSigner =
  | {
      /**
       * The keys of the list's signer, by which any of its lists may be signed: a JWK Set, one key
       * or a list, as JWK, `KeyObject` or PEM.
       */
      readonly keys: PublicKeys
      readonly certificateAuthorities?: never
      readonly organization?: never
    }
  | {
      readonly keys?: never
      /**
       * Certificates, in PEM, of the authorities that issue the signer's own certificate directly.
       * The list brings that one along in `x5c`, as EUDIStack Issuers do; it counts within its
       * validity only. Node only: the web has no X.509.
       */
      readonly certificateAuthorities: readonly string[]
      /**
       * The organisation that the certificate must name (`organizationIdentifier`, OID 2.5.4.97)
       * and the list state as its issuer: `VATES-Q0000000J`.
       */
      readonly organization: string
    }

/** Where lists may be fetched from, and who signs them there. */
export type TrustedLists = ListSigner & {
  /** An https address without query; every list below it counts, and no other. */
  readonly url: string
  /**
   * Which end of a byte the first entry is at. Default: `msb`, as EUDIStack writes both standards
   * since 2.0.12; `lsb` is the Token Status List's own.
   */
  readonly bitOrder?: BitOrder
}

/** Where the status of credentials is looked up, and for how long an answer holds. */
export interface StatusListOptions {
  /**
   * Where lists may be fetched from, and who must have signed them. A credential that names another
   * place is refused. Required.
   */
  readonly lists: readonly TrustedLists[]
  /** Seconds after which a list is stale: how long a revocation may go unnoticed. Default: 300. */
  readonly maxAge?: number
  /**
   * While a status list cannot be fetched: `closed` answers 503; `{ openFor: n }` accepts for n
   * seconds, with the last list if there is one. Default: `closed`.
   */
  readonly unavailable?: 'closed' | { readonly openFor: number }
}

/** Whose signature a status list needs, the keys in one form. */
export type CheckedSigner =
  | Extract<ListSigner, { readonly organization: string }>
  | { readonly keys: JwkSet; readonly certificateAuthorities?: never }

/** One place of status lists, checked. */
export type CheckedLists = CheckedSigner & { readonly url: string; readonly bitOrder: BitOrder }

/** The options, checked. Times in milliseconds. */
export interface StatusListSettings {
  readonly lists: readonly CheckedLists[]
  readonly maxAge: number
  readonly openFor: number
}

const YEAR = 31_536_000

/** The rows of {@link StatusListOptions}. */
export const STATUS_LIST_ROWS = {
  lists: {
    check: checkLists,
    defaultIs: 'required',
    says: 'where lists may be fetched from (`url`), and who must have signed them',
  },
  maxAge: {
    check: seconds(0.001, YEAR),
    default: 300,
    unit: 'seconds',
    says: 'age at which a list is stale: how long a revocation may go unnoticed',
  },
  unavailable: {
    check: closedOrOpenFor(YEAR),
    default: 'closed',
    says: 'while a list cannot be fetched: `closed` answers 503, `{ openFor: n }` accepts for n seconds',
  },
} as const satisfies OptionRows<StatusListOptions>

/**
 * Checks where the status is looked up.
 *
 * @throws {GuardError} `invalid_configuration`
 */
export function statusListSettings(
  options: StatusListOptions,
  insecureHttp: boolean,
): StatusListSettings {
  const { lists, maxAge, unavailable } = readOptions(
    'options of "status"',
    options,
    namedWithin('status', STATUS_LIST_ROWS),
  )
  checkLists('status.lists', lists)
  const openFor = unavailable === 'closed' ? 0 : unavailable.openFor
  const checked = lists.map((list) => checkedList(list, insecureHttp))
  return { lists: checked, maxAge: maxAge * 1_000, openFor: openFor * 1_000 }
}

function checkLists(name: string, value: unknown): void {
  if (Array.isArray(value) && value.length > 0) return
  throw configurationError(
    `"${name}" to look the status up in`,
    quote(value),
    'name the address and the signer of one at least',
  )
}

function checkedList(list: TrustedLists, insecureHttp: boolean): CheckedLists {
  const { url, bitOrder = 'msb' } = list
  const problem = typeof url === 'string' ? describeInsecure(url, insecureHttp) : quote(url)
  if (problem !== undefined)
    throw configurationError(
      '"url" of a status list as an https address',
      problem,
      'state where the lists of the issuer are',
    )
  if (/[?#]/.test(url))
    throw configurationError(
      '"url" of a status list without query and fragment',
      quoteAddress(url),
      'state the place below which the lists are, such as https://issuer.example.org/lists/',
    )
  if (bitOrder !== 'msb' && bitOrder !== 'lsb')
    throw configurationError(
      '"bitOrder" to be "msb" or "lsb"',
      quote(bitOrder),
      'leave it out for "msb"',
    )
  return { ...checkedSigner(list), url, bitOrder }
}

function checkedSigner(signer: ListSigner): CheckedSigner {
  const { keys, certificateAuthorities, organization } = signer
  if (keys !== undefined && certificateAuthorities === undefined)
    return { keys: keysNamed('keys', keys) }
  if (keys === undefined && certificateAuthorities !== undefined)
    return { certificateAuthorities, organization }
  throw configurationError(
    '"keys" or "certificateAuthorities" of a status list, to check its signature by',
    keys === undefined ? 'neither' : 'both',
    'take the keys from the issuer of the list, or name the authority of its certificate and its "organization"',
  )
}
