import { LRUCache } from '../kit/lru-cache.js'
import { configurationError, quote } from '../kit/errors.js'
import type { Runtime } from '../kit/runtime.js'
import type { BitOrder } from './bits.js'
import type { ListForm } from './forms.js'
import { holdList, type HeldList, type HoldingLimits } from './held-list.js'
import { createListVerifier, type ListSigner, type ListVerifier } from './signer.js'
import { describeInsecure } from '../kit/url.js'

/** Where lists may be fetched from, and who signs them there. */
export type TrustedLists = ListSigner & {
  /** An https address; every list below it counts, and no other. */
  readonly url: string
  /**
   * Which end of a byte the first entry is at. Default: `msb`, as EUDIStack writes both standards
   * since 2.0.12; `lsb` is the Token Status List's own.
   */
  readonly bitOrder?: BitOrder
}

/** The status list at an address, if it may be fetched from there. */
export type StatusLists = (url: string, form: ListForm) => HeldList | undefined

interface Trust {
  readonly base: string
  readonly verifier: ListVerifier
  readonly order: BitOrder
}

const MAX_LISTS = 64
const ESCAPED_SLASH = /%(?:2f|5c)/i

/**
 * Makes the holder of status lists; nothing is fetched before it is asked for.
 *
 * @param insecureHttp whether plain http is acceptable beyond this machine
 * @throws {GuardError} `invalid_configuration`
 */
export function createStatusLists(
  lists: readonly TrustedLists[],
  insecureHttp: boolean,
  limits: HoldingLimits,
  runtime: Runtime,
): StatusLists {
  const trusted = requireLists(lists).map((one) => trust(one, insecureHttp))
  const held = new LRUCache<string, HeldList>({ max: MAX_LISTS })
  return (url, form) => {
    const name = `${form.entry} ${url}`
    const known = held.get(name)
    if (known !== undefined) return known
    // The address as it will be fetched: with its dots and escapes resolved.
    const address = URL.canParse(url) ? new URL(url).href : ''
    // A server may resolve an escaped slash after all, and so leave the place that is trusted.
    const source = ESCAPED_SLASH.test(address)
      ? undefined
      : trusted.find(({ base }) => address.startsWith(base))
    if (source === undefined) return undefined
    const made = holdList({ url, form, ...source }, limits, runtime)
    held.set(name, made)
    return made
  }
}

function requireLists(lists: unknown): readonly TrustedLists[] {
  if (Array.isArray(lists) && lists.length > 0) return lists as readonly TrustedLists[]
  throw configurationError(
    '"lists" to look the status up in',
    quote(lists),
    'name the address and the signer of one at least',
  )
}

function trust({ url, bitOrder = 'msb', ...signer }: TrustedLists, insecureHttp: boolean): Trust {
  const problem = typeof url === 'string' ? describeInsecure(url, insecureHttp) : quote(url)
  if (problem !== undefined)
    throw configurationError(
      '"url" of a status list as an https address',
      problem,
      'state where the lists of the issuer are',
    )
  if (bitOrder !== 'msb' && bitOrder !== 'lsb')
    throw configurationError(
      '"bitOrder" to be "msb" or "lsb"',
      quote(bitOrder),
      'leave it out for "msb"',
    )
  const { origin, pathname } = new URL(url)
  return {
    base: origin + pathname.replace(/\/?$/, '/'),
    verifier: createListVerifier(signer),
    order: bitOrder,
  }
}
