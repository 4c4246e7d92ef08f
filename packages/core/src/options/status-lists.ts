/*
 * Where the status of credentials is looked up, as the application states it. Options in, settings
 * out.
 */
import type { JwkSet } from '../jwt/key.js'
import { quote, quoteAddress } from '../kit/display.js'
import { configurationError } from '../kit/errors.js'
import { readOptions, seconds, within, type OptionRows } from '../kit/option-rows.js'
import { describeInsecure } from '../kit/url.js'

/** Which end of a byte the first entry of a list is at. */
export type BitOrder = 'msb' | 'lsb'

/** Whose signature a status list needs. */
export type ListSigner =
  | {
      /** The keys of the list's signer, by which any of its lists may be signed. */
      readonly keys: JwkSet
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

/** The options, checked. Times in milliseconds. */
export interface StatusListSettings {
  readonly lists: readonly TrustedLists[]
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
    check: checkUnavailable,
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
    within('status', STATUS_LIST_ROWS),
  )
  checkLists('status.lists', lists)
  for (const list of lists) checkList(list, insecureHttp)
  const openFor = unavailable === 'closed' ? 0 : unavailable.openFor
  return { lists, maxAge: maxAge * 1_000, openFor: openFor * 1_000 }
}

function checkLists(name: string, value: unknown): void {
  if (Array.isArray(value) && value.length > 0) return
  throw configurationError(
    `"${name}" to look the status up in`,
    quote(value),
    'name the address and the signer of one at least',
  )
}

function checkUnavailable(name: string, value: unknown): void {
  if (value === 'closed') return
  const { openFor } = Object(value) as { openFor?: unknown }
  seconds(0.001, YEAR)(`${name}.openFor`, openFor)
}

function checkList({ url, bitOrder = 'msb' }: TrustedLists, insecureHttp: boolean): void {
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
}
