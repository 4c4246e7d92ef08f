/*
 * The public address of the API, as the application states it: what DPoP proofs are made for. It
 * never comes from a request, whose `Host` and `X-Forwarded-*` are the caller's to choose.
 */
import { quote, quoteAddress } from '../kit/display.js'
import { configurationError } from '../kit/errors.js'
import { describeInsecure } from '../kit/url.js'

/** One public address of the API. */
export interface ResourceAddress {
  /** Scheme, host and port, as a URL is normally written. */
  readonly origin: string
  /** The path below which the API is, without a slash at its end; empty at the root. */
  readonly prefix: string
}

/**
 * Checks the public addresses of the API.
 *
 * @throws {GuardError} `invalid_configuration`
 */
export function resourceAddresses(
  stated: string | readonly string[] | undefined,
  insecureHttp: boolean,
): readonly ResourceAddress[] {
  if (stated === undefined) return []
  const addresses: readonly unknown[] = Array.isArray(stated) ? stated : [stated]
  if (addresses.length === 0)
    throw configurationError('"resource"', 'an empty list', 'name at least one')
  return addresses.map((address) => {
    const problem = flawOf(address, insecureHttp)
    if (problem !== undefined) throw unfit(problem)
    const { origin, pathname } = new URL(address as string)
    return Object.freeze({ origin, prefix: pathname.replace(/\/$/, '') })
  })
}

function flawOf(address: unknown, insecureHttp: boolean): string | undefined {
  if (typeof address !== 'string') return quote(address)
  if (/[^\x21-\x7e]|\\/.test(address))
    return `${quoteAddress(address)}, with characters that no URL has`
  const insecure = describeInsecure(address, insecureHttp)
  if (insecure !== undefined) return insecure
  return /[?#]/.test(address) ? `${quoteAddress(address)}, with a query or a fragment` : undefined
}

function unfit(found: string): Error {
  return configurationError(
    '"resource" as the public https URL of this API',
    found,
    'state the address that clients call, with the path that a gateway removes',
  )
}
