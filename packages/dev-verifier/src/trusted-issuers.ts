import { X509Certificate, type KeyObject } from 'node:crypto'
import { organizationOf } from './certificate.js'
import { bareId, ISSUER_ID } from './credential-issuer.js'
import type { CredentialFacts } from './credential-rules.js'
import { hasValidSignature, isObject } from './jwt.js'
import type { CredentialAlgorithm } from './keys.js'
import type { Rule } from './refusals.js'
import { show } from './show.js'
import { mandateOf } from './tokens.js'

/** An organisation on the list of trusted issuers. */
export interface TrustedIssuer {
  /** `did:elsi:VATES-…`, or the bare organisation identifier. */
  readonly id: string
  /** The one key it may sign with; any key of a certificate that names it, where there is none. */
  readonly publicKey?: KeyObject | undefined
}

/** Who may sign a credential, and with what. */
export const issuerRules: readonly Rule<CredentialFacts>[] = [
  {
    refusal: 'issuers-unreachable',
    broken: ({ context }) =>
      context.consumeOutage('issuers') ? 'the list of trusted issuers is made to fail' : undefined,
  },
  {
    refusal: 'credential-issuer-untrusted',
    broken: (facts) =>
      isListed(facts, issuerOf(facts))
        ? undefined
        : `the credential's issuer ${show(issuerOf(facts))} is not on the list of trusted issuers, which the option trustedIssuers adds to; this Verifier's own Issuer is ${ISSUER_ID}`,
  },
  { refusal: 'credential-certificate', broken: certificateProblem },
  {
    refusal: 'credential-algorithm',
    broken: ({ vc, context: { rules } }) =>
      rules.algorithms.includes(vc.header['alg'] as CredentialAlgorithm)
        ? undefined
        : `the credential must be signed with ${rules.algorithms.join(' or ')}; found ${show(vc.header['alg'])}`,
  },
  { refusal: 'credential-signature', broken: signatureProblem },
  {
    refusal: 'mandator-untrusted',
    broken: (facts) => {
      if (!facts.context.rules.mandatorListed) return undefined
      const { mandator } = mandateOf(facts.credential)
      const id = isObject(mandator) ? mandator['organizationIdentifier'] : undefined
      return isListed(facts, String(id)) || facts.context.issuer.mandators.has(String(id))
        ? undefined
        : `the mandator ${show(id)} is not on the list of trusted issuers, which the option trustedIssuers adds to`
    },
  },
]

function issuerOf({ vc, credential }: CredentialFacts): string {
  const issuer = credential['issuer'] ?? vc.claims['iss']
  return bareId(String(isObject(issuer) ? issuer['id'] : issuer))
}

function entriesOf({ context }: CredentialFacts, organization: string): readonly TrustedIssuer[] {
  return context.trustedIssuers.filter(({ id }) => bareId(id) === bareId(organization))
}

function isListed(facts: CredentialFacts, organization: string): boolean {
  return entriesOf(facts, organization).length > 0
}

function certificateProblem(facts: CredentialFacts): string | undefined {
  const { vc, context } = facts
  if (vc.header['x5c'] === undefined && !context.rules.certificate) return undefined
  const leaf = leafOf(vc.header['x5c'])
  if (!leaf) return "the credential's header must hold the issuer's certificate in x5c"
  const organization = organizationOf(leaf)
  return organization === issuerOf(facts)
    ? undefined
    : `the certificate in x5c must name the issuer ${show(issuerOf(facts))} as its organizationIdentifier (2.5.4.97); found ${show(organization)}`
}

function signatureProblem(facts: CredentialFacts): string | undefined {
  const { vc } = facts
  const algorithm = vc.header['alg'] as CredentialAlgorithm
  const pinned = entriesOf(facts, issuerOf(facts)).map(({ publicKey }) => publicKey)
  const leaf = leafOf(vc.header['x5c'])?.publicKey
  const keys = leaf ? [leaf] : pinned.filter((key) => key !== undefined)
  if (!keys.some((key) => hasValidSignature(vc, key, algorithm)))
    return `the credential is not signed (${algorithm}) by the key of its issuer ${show(issuerOf(facts))}`
  if (!leaf || pinned.some((key) => key === undefined || key.equals(leaf))) return undefined
  return `the certificate in x5c is not of the key that is trusted for ${show(issuerOf(facts))}. A credential of an earlier run does not outlive its Verifier, unless the option trustedIssuers lists its issuer without a key`
}

function leafOf(x5c: unknown): X509Certificate | undefined {
  const first: unknown = Array.isArray(x5c) ? x5c[0] : undefined
  try {
    return typeof first === 'string' ? new X509Certificate(Buffer.from(first, 'base64')) : undefined
  } catch {
    return undefined
  }
}
