/*
 * Explains what a resource server decides on a token: the steps of `resource-server.ts`, one by
 * one, going on after one that does not pass where that is safe.
 */
import { checkBinding } from '../binding.js'
import { readSummary, type CredentialSummary } from '../credential/credential.js'
import { verifyWithKeys, type Signed } from '../issuers/signer.js'
import type { TrustedIssuer } from '../issuers/trusted-issuer.js'
import { parseJws, type UnverifiedJws } from '../jwt/jws.js'
import { quote } from '../kit/display.js'
import { fingerprint } from '../kit/fingerprint.js'
import { andThen } from '../kit/later.js'
import { readOptions } from '../kit/option-rows.js'
import type { ResourceServerOptions } from '../options/options.js'
import { presentAlone, type Presented } from '../presented/authorization.js'
import { describePowers } from '../requirements/power.js'
import { checkRequirement, type Requirement } from '../requirements/requirement.js'
import { allowedAlgorithm } from '../resource-server.js'
import { CLAIM_RULES } from '../rules/claims.js'
import { clientIdOf } from '../rules/client.js'
import { confirmationOf } from '../rules/confirmation.js'
import { CREDENTIAL_RULES } from '../rules/credential-policy.js'
import { knownNow, type ValidatedToken } from '../token-cache.js'
import { askRules } from './ask-rules.js'
import {
  conclude,
  createCheckList,
  EXPLAIN_ROWS,
  type ExplainOptions,
  type Explanation,
} from './explanation.js'
import { recognize } from './recognize.js'
import { createSetting, type Setting } from './setting.js'

/**
 * Explains what a resource server decides on a token: every check of the decision in its order,
 * with what was expected, what was found, its verdict and its cure.
 *
 * Goes on after the first check that does not pass, where that is safe: the token is refused all
 * the same. Its verdict is that of `verifyAccessToken` of a resource server with these options.
 * Checks no proof of possession, since there is no request: a bound token is refused. Use it to
 * find a mistake, never to protect a route.
 *
 * @param token what was sent as an access token, without a scheme before it
 * @param options those of the resource server. Its listeners get no event.
 * @param explain a requirement besides, and whether requests are sent. Default: neither
 *   requirement nor `offline`
 * @returns the checks, and what they come to. Holds neither the token nor personal data.
 * @throws {GuardError} `invalid_configuration`
 * @see [RFC 9068 §4](https://www.rfc-editor.org/rfc/rfc9068#section-4)
 * @example
 * ```ts
 * import { explainToken } from '@verifier-guard/core/explain'
 *
 * const { verdict, checks } = await explainToken('eyJhbGciOi…', {
 *   issuer: 'https://verifier.example.org/verifier',
 *   profile: 'eudistack',
 * })
 * console.log(verdict)
 * for (const { name, found, cure } of checks) console.log(name, found, cure ?? '')
 * ```
 */
export async function explainToken(
  token: string,
  options: ResourceServerOptions,
  explain: ExplainOptions = {},
): Promise<Explanation> {
  const { requirement, offline } = readOptions('options of explainToken()', explain, EXPLAIN_ROWS)
  const setting = createSetting(options, offline)
  const list = createCheckList()
  try {
    const presented = await list.ask(
      'size',
      () => presentAlone(token ?? '') as Presented,
      ({ token: text }) => ({
        expected: 'a text that is not too long',
        found: `${text.length} characters`,
      }),
    )
    if (presented !== undefined) await explainPresented({ presented, setting, list, requirement })
  } finally {
    setting.close()
  }
  const text = typeof token === 'string' ? token : ''
  return {
    ...conclude(list.checks),
    is: recognize(text),
    fingerprint: await fingerprint(text),
    checks: list.checks,
  }
}

/** What is explained, and where it is written to. */
interface Work {
  readonly presented: Presented
  readonly setting: Setting
  readonly list: ReturnType<typeof createCheckList>
  readonly requirement: Requirement<undefined> | undefined
}

async function explainPresented(work: Work): Promise<void> {
  const { list, setting, presented } = work
  const jws = await list.ask(
    'form',
    () => parseJws(presented.token),
    () => ({
      expected: 'a signed JWT in compact form (RFC 7515)',
      found: 'header, claims and signature',
    }),
  )
  if (jws === undefined) return
  const found = await list.ask(
    'issuer',
    () => setting.issuers.find(jws.claims['iss']),
    ({ issuer }) => ({ expected: `"iss" to be ${quote(issuer)}`, found: quote(jws.claims['iss']) }),
  )
  // Where one issuer is configured, the token is held to its settings: they are the likely ones.
  const issuer = found ?? (await setting.onlyIssuer())
  if (issuer === undefined)
    return list.skip('all others', 'an issuer whose settings apply', 'no such issuer')
  const isGenuine = await explainSignature(work, jws, issuer)
  await explainRules(work, jws, issuer, isGenuine)
}

/** @returns false for a signature that does not hold */
async function explainSignature(
  { list, setting }: Work,
  jws: UnverifiedJws,
  issuer: TrustedIssuer,
): Promise<boolean> {
  const expected = `a signature by a key of ${issuer.issuer}`
  const row = await list.ask(
    'algorithm',
    () => allowedAlgorithm(jws, issuer),
    ({ name }) => ({
      expected: `"alg" among ${[...issuer.algorithms.keys()].join(', ')}`,
      found: name,
    }),
  )
  if (row === undefined) {
    list.skip('signature', expected, 'not checked: its algorithm is not allowed')
    return false
  }
  if (setting.lacksKeysOf(issuer)) {
    list.skip(
      'signature',
      expected,
      'not checked: no keys are at hand, and no request was sent',
      'hand in "keys", or explain the token online',
    )
    return true
  }
  const how = { now: setting.seconds(), thread: setting.settings.signatureThread }
  const signed = await list.ask<Signed>(
    'signature',
    () => verifyWithKeys(jws, issuer.keySet, row, how),
    ({ key }) => ({ expected, found: `one by the key ${quote(key.jwk.kid)}` }),
  )
  return signed !== undefined
}

async function explainRules(
  work: Work,
  jws: UnverifiedJws,
  issuer: TrustedIssuer,
  isGenuine: boolean,
): Promise<void> {
  const { list, setting } = work
  const { settings } = setting
  const { header, claims } = jws
  const now = setting.seconds()
  const context = { header, claims, issuer, now, ...settings }
  if (!(await askRules(list, CLAIM_RULES, context))) return
  const read = await list.ask(
    'credential',
    () => ({ credential: issuer.profile.credential ? readSummary(claims) : undefined }),
    ({ credential }) => ({
      expected: 'a credential that can be read, or none',
      found: describeCredential(credential),
    }),
  )
  if (read === undefined) return
  const { credential } = read
  await askRules(list, CREDENTIAL_RULES, { claims, credential, issuer, now, limits: settings })
  await explainRequest(work, knownFrom(jws, issuer, credential), isGenuine)
}

/** What a decision would know of a token that passes, for the checks that need it. */
function knownFrom(
  { token, header, claims }: UnverifiedJws,
  issuer: TrustedIssuer,
  credential: CredentialSummary | undefined,
): ValidatedToken {
  return knownNow({
    ...{ token, header, claims, credential },
    issuer: issuer.issuer,
    clientId: clientIdOf(claims, issuer, credential),
    confirmation: confirmationOf(claims),
    validFrom: -Infinity,
    validUntil: Infinity,
    basis: { by: 'signature', configuredAs: issuer.configuredAs, holds: () => true },
  })
}

/** What is asked of each request anew. */
async function explainRequest(
  { list, setting, presented, requirement }: Work,
  known: ValidatedToken,
  isGenuine: boolean,
): Promise<void> {
  const requiresDpop = setting.settings.dpop?.isRequired === true
  await list.ask(
    'binding',
    () => andThen(checkBinding(known, presented, { proofs: {}, requiresDpop }), () => true),
    () => ({ expected: 'a bearer token', found: 'one that is bound to no key' }),
  )
  if (requirement === undefined || !isGenuine) return
  const { statusLists } = setting
  await list.ask(
    'requirement',
    () =>
      andThen(checkRequirement(requirement, known.context, undefined, { statusLists }), () => true),
    () => ({ expected: requirement.name, found: 'a caller who meets it' }),
  )
}

function describeCredential(credential: CredentialSummary | undefined): string {
  if (credential === undefined) return 'no credential'
  const { kind, powers } = credential
  return `a credential of kind ${kind}, powers: ${describePowers(powers)}`
}
