/*
 * Checks what the application states of one issuer. Its options and the server's in, settings out.
 */
import { quote, quoteAddress } from '../kit/display.js'
import { configurationError } from '../kit/errors.js'
import { readOptions } from '../kit/option-rows.js'
import { describeInsecure } from '../kit/url.js'
import { issuerTemplate } from './issuer-template.js'
import type {
  IssuerOptions,
  IssuerSettings,
  KeyLocation,
  ResourceServerOptions,
} from './options.js'
import { ISSUER_ROWS } from './table.js'
import { checkTrust, trustSettings } from './trust.js'

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
  checkTrust(own)
  const template = issuerTemplate(own.issuer, own.tenantPattern)
  checkIssuer(own.issuer.replace('{tenant}', 'tenant'), own.issuer, insecureHttp)
  return Object.freeze({
    issuer: own.issuer,
    configuredAs: own.issuer,
    template,
    keysAt: keyLocation(own, shared, insecureHttp),
    ...trustSettings(own, shared, template),
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

function keyLocation(
  own: IssuerOptions,
  shared: ResourceServerOptions,
  insecureHttp: boolean,
): (issuer: string) => KeyLocation {
  const jwksUri = own.jwksUri === undefined ? shared.jwksUri : own.jwksUri
  const keys = own.keys === undefined && own.jwksUri === undefined ? shared.keys : own.keys
  if (jwksUri !== undefined && keys !== undefined)
    throw configurationError('one source of keys', '"jwksUri" and "keys"', 'leave one out')
  if (jwksUri !== undefined) checkUrl('"jwksUri"', jwksUri, insecureHttp)
  if (keys !== undefined) checkKeys(keys)
  return (issuer) => (keys ? { keys } : jwksUri !== undefined ? { jwksUri } : { discovery: issuer })
}

function checkKeys(keys: unknown): void {
  if (typeof keys === 'object' && keys !== null && !Array.isArray(keys)) return
  const hint = Array.isArray(keys)
    ? 'wrap it: { keys: [...] }'
    : 'leave it out for the keys that the Verifier publishes'
  throw configurationError('"keys" as a JWK Set, an object with a list "keys"', quote(keys), hint)
}

function checkIssuer(issuer: string, stated: string, insecureHttp: boolean): void {
  checkUrl('"issuer"', issuer, insecureHttp)
  const { search, hash } = new URL(issuer)
  if (issuer !== issuer.trim())
    throw configurationError(
      '"issuer" without white space around it',
      quoteAddress(stated),
      'check where the value comes from',
    )
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
  throw configurationError(
    `${name} as an https URL`,
    problem,
    'use https, or "allowInsecureHttp" within a network that you trust',
  )
}
