/*
 * Tokens that are bound to a key or a certificate: reads from a form what a token is bound to, and
 * shows how its sender proves that.
 */
import type { BoundTo } from '../bound-to.js'
import { PATHS } from '../hand-out.js'
import type { Jwk } from '../keys.js'
import type { DevVerifier } from '../verifier.js'
import { Mistake } from '../mistake.js'
import type { Fields } from './form.js'
import { copyable, html, quoted, type Markup } from './markup.js'

/** What a token is bound to, and how it is sent. */
export interface Binding {
  readonly boundTo: BoundTo
  readonly howToSend: (token: string) => Markup
}

/** A request that carries a token. */
export interface Call {
  readonly url: string
  readonly method: string
  readonly token: string
}

const ANY_URL = 'http://127.0.0.1:3000/'

/** The binding that a form asks for: none, or of a kind below. @throws Mistake */
export function bindingOf(verifier: DevVerifier, fields: Fields): Binding | undefined {
  const { 'bound-to': kind, own, 'sent-to': url = ANY_URL } = fields
  if (kind === undefined) return undefined
  if (kind === 'certificate')
    return own === undefined ? certified(verifier, url) : ofCertificate(own, url)
  if (kind !== 'key') throw new Mistake('Expected the binding to be a key or a certificate.')
  return own === undefined ? ofPageKey(verifier, url) : ofKey(own)
}

/** Bound to the key that this page makes proofs with. */
function ofPageKey(verifier: DevVerifier, url: string): Binding {
  return {
    boundTo: { key: verifier.proofKey.jwk },
    howToSend: (token) =>
      html`<p>
          It is bound to the key of this page: alone it is refused, as the check “binding” says.
          Each run of this command makes a proof of its own:
        </p>
        ${copyable('bound-curl', curlWithProof(verifier, { url, method: 'GET', token }))}
        <p>The key, for proofs by your own client:</p>
        ${copyable('bound-key', JSON.stringify(verifier.proofKey.jwk))}`,
  }
}

function ofKey(own: string): Binding {
  return {
    boundTo: { key: own.trimStart().startsWith('{') ? jwkIn(own) : own },
    howToSend: () => html`<p>It is bound to your key: your client makes the proofs with it.</p>`,
  }
}

function jwkIn(text: string): Jwk {
  try {
    return JSON.parse(text) as Jwk
  } catch {
    throw new Mistake('Expected the key as a JWK, hexadecimal or PEM; found broken JSON.')
  }
}

/** Bound to a certificate that is issued for it. */
function certified(verifier: DevVerifier, url: string): Binding {
  const { certificate, privateKey } = verifier.issueCertificate()
  const { boundTo, howToSend } = ofCertificate(certificate, url)
  return {
    boundTo,
    howToSend: (token) =>
      html`${howToSend(token)}
        <p>What client.pem holds, the certificate and its key:</p>
        ${copyable('bound-certificate', `${certificate.trim()}\n${privateKey.trim()}`)}`,
  }
}

function ofCertificate(certificate: string, url: string): Binding {
  return {
    boundTo: { certificate },
    howToSend: (token) =>
      html`<p>It is bound to a certificate. Send it over TLS with that:</p>
        ${copyable(
          'bound-curl',
          `curl -i --cert client.pem ${quoted(url.replace(/^http:/, 'https:'))} -H ${quoted(`Authorization: Bearer ${token}`)}`,
        )}`,
  }
}

/** The command that sends a bound token with a fresh proof. */
export function curlWithProof({ issuer }: DevVerifier, { url, method, token }: Call): string {
  const facts = Object.entries({ url, method, token }).map(
    ([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`,
  )
  const proof = `curl -s -G ${new URL(issuer).origin}${PATHS.proof} ${facts.join(' ')}`
  return `curl -i -X ${method} ${quoted(url)} -H ${quoted(`Authorization: DPoP ${token}`)} -H "DPoP: $(${proof})"`
}
