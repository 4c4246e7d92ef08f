/*
 * Checks what the application states of one issuer. Its options and the server's in, settings out.
 */
import { quote, quoteAddress } from '../kit/display.js'
import { configurationError } from '../kit/errors.js'
import { readOptions } from '../kit/option-rows.js'
import { describeInsecure } from '../kit/url.js'
import { issuerTemplate } from './issuer-template.js'
import { keysNamed } from './keys.js'
import type {
  IssuerOptions,
  IssuerSettings,
  KeyLocation,
  ResourceServerOptions,
} from './options.js'
import type { Profile } from './profiles.js'
import { ISSUER_ROWS } from './table.js'
import { trustSettings } from './trust.js'

/**
 * Makes the settings of one issuer.
 *
 * @param shared the server's options, for what the issuer leaves out
 * @throws {GuardError} `invalid_configuration`
 */
export function issuerSettings(
  own: IssuerOptions,
  shared: ResourceServerOptions,
  insecureHttp: boolean,
): IssuerSettings {
  if (typeof own !== 'object' || own === null || typeof own.issuer !== 'string')
    throw missingIssuer(quote(own))
  readOptions('options', own, ISSUER_ROWS)
  const template = issuerTemplate(own.issuer, own.tenantPattern)
  const trust = trustSettings(own, shared, template)
  const keys = statedKeys(own, shared, insecureHttp)
  checkText(own.issuer)
  if (keys === undefined)
    checkAddress(own.issuer.replace('{tenant}', 'tenant'), own.issuer, insecureHttp)
  return Object.freeze({
    issuer: own.issuer,
    configuredAs: own.issuer,
    template,
    keysAt: (issuer: string) => keys ?? publishedKeys(issuer, trust.profile),
    sharesKeys: keys !== undefined,
    ...trust,
  })
}

/** The error for options that name no issuer. */
export function missingIssuer(found: string): Error {
  return configurationError(
    '"issuer"',
    found,
    'state the Verifier\'s issuer exactly as in the tokens\' "iss"; an unset environment variable, perhaps',
  )
}

/**
 * The keys that the application states, or the place that it states for them. What an issuer states
 * itself, in either way, takes the place of what is shared in either way.
 */
function statedKeys(
  own: IssuerOptions,
  shared: ResourceServerOptions,
  insecureHttp: boolean,
): KeyLocation | undefined {
  const isStated = own.jwksUri !== undefined || own.keys !== undefined
  const { jwksUri, keys } = isStated ? own : shared
  if (jwksUri !== undefined && keys !== undefined)
    throw configurationError('one source of keys', '"jwksUri" and "keys"', 'leave one out')
  if (jwksUri !== undefined) {
    checkUrl('"jwksUri"', jwksUri, insecureHttp)
    return { jwksUri }
  }
  return keys === undefined ? undefined : { keys: keysNamed('keys', keys) }
}

/** Where a Verifier publishes its keys: as its metadata says, unless it has none. */
function publishedKeys(issuer: string, { keysPath }: Profile): KeyLocation {
  return keysPath === undefined ? { discovery: issuer } : { jwksUri: issuer + keysPath }
}

const WELL_KNOWN = /\/\.well-known\/(?:openid-configuration|oauth-authorization-server)/

/** RFC 7519 §4.1.1: any text, compared as it stands. */
function checkText(issuer: string): void {
  if (issuer !== issuer.trim())
    throw configurationError(
      '"issuer" without white space around it',
      quoteAddress(issuer),
      'check where the value comes from',
    )
  if (issuer === '') throw missingIssuer('""')
  if (!WELL_KNOWN.test(issuer)) return
  throw configurationError(
    '"issuer" exactly as in the tokens\' "iss"',
    `${quoteAddress(issuer)}, the address of its metadata`,
    `state what stands there as "issuer", most likely ${quoteAddress(issuer.replace(WELL_KNOWN, ''))}`,
  )
}

/** What metadata is fetched from (RFC 8414 §2). */
function checkAddress(issuer: string, stated: string, insecureHttp: boolean): void {
  checkUrl('"issuer"', issuer, insecureHttp)
  const { search, hash } = new URL(issuer)
  if (search === '' && hash === '') return
  throw configurationError(
    '"issuer" without query and fragment',
    quoteAddress(stated),
    'state it exactly as in the tokens\' "iss"',
  )
}

function checkUrl(name: string, value: unknown, insecureHttp: boolean): void {
  const problem = typeof value === 'string' ? describeInsecure(value, insecureHttp) : quote(value)
  if (problem === undefined) return
  const elsewhere =
    name === '"issuer"'
      ? '; where the tokens state another text than an address, say with "jwksUri" where the keys are'
      : ''
  throw configurationError(
    `${name} as an https URL`,
    problem,
    `use https, or "allowInsecureHttp" within a network that you trust${elsewhere}`,
  )
}
