/*
 * The page of the console: one document, whose forms work on the development Verifier.
 */
import { apiProfileOf } from '../api-profile.js'
import { ENDPOINTS } from '../faults.js'
import { tokenShapes } from '../token-shapes.js'
import { brokenTokens } from '../variants.js'
import { FAULT_NAMES } from './actions.js'
import type { DevVerifier } from '../verifier.js'
import type { Desk } from './desk.js'
import { copyable, html, visible, type Markup } from './markup.js'
import { stateOf } from './state.js'

/** Writes the whole page. */
export function pageOf(desk: Desk): Markup {
  const { verifier } = desk
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Development Verifier</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/console/page.css" />
        <script type="module" src="/console/page.js"></script>
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header>
          <h1>Development Verifier</h1>
          <p class="quiet">${verifier.profile} · its tokens prove nothing</p>
          <nav aria-label="Sections">
            ${SECTIONS.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}
          </nav>
        </header>
        <main id="main" tabindex="-1">
          ${SECTIONS.map(({ id, title, content }) => section(id, title, content(desk)))}
        </main>
        <p id="said" class="hidden" role="status"></p>
      </body>
    </html>`
}

interface Section {
  readonly id: string
  readonly title: string
  readonly content: (desk: Desk) => Markup
}

const SECTIONS: readonly Section[] = [
  { id: 'verifier', title: 'Verifier', content: verifierPart },
  { id: 'credential', title: 'Credential', content: credentialPart },
  { id: 'token', title: 'Token', content: tokenPart },
  { id: 'paste', title: 'Explain', content: explainPart },
  { id: 'call', title: 'Call', content: callPart },
  { id: 'decisions', title: 'Decisions', content: decisionsPart },
  { id: 'requests', title: 'Requests', content: requestsPart },
  { id: 'faults', title: 'Faults', content: faultsPart },
]

function section(id: string, title: string, content: Markup): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${content}
  </section>`
}

/** A form whose answer appears below it, with the same as a command line. */
function form(action: string, button: string, fields: Markup, target = `${action}-out`): Markup {
  return html`<form method="post" action="/console/${action}" data-target="${target}">
    ${fields}
    <p class="actions"><button>${button}</button></p>
    <details class="curl">
      <summary>As a command</summary>
      <pre tabindex="0" aria-label="Command"></pre>
    </details>
  </form>`
}

function output(id: string): Markup {
  return html`<div id="${id}" class="output" aria-live="polite"></div>`
}

function verifierPart(desk: Desk): Markup {
  const { issuer, profile } = desk.verifier
  const audience = desk.audience === undefined ? '' : `, audience: '${desk.audience}'`
  const options = `{ issuer: '${issuer}', profile: '${apiProfileOf(profile)}'${audience} }`
  return html`<p>Options of your API, which this Verifier's tokens pass:</p>
    ${copyable('api-options', options)}
    <p>Where its metadata and keys are:</p>
    ${copyable('metadata-curl', `curl -s ${issuer}/.well-known/openid-configuration`)}
    <div id="state" aria-live="polite">${stateOf(desk)}</div>`
}

const POWERS = 'DOME/ProductOffering/Create\nDOME/ProductOffering/Update'

function powersField(id: string): Markup {
  return html`<label for="${id}">Powers, one a line: domain/function/action</label>
    <textarea id="${id}" name="powers" rows="3" spellcheck="false">${POWERS}</textarea>`
}

function credentialPart(): Markup {
  return html`<p>What a client presents to obtain tokens: signed here, bound to a fresh key.</p>
    ${form(
      'credential',
      'Issue a credential',
      html`<label for="credential-kind">Of a</label>
        <select id="credential-kind" name="kind">
          <option value="machine">machine</option>
          <option value="employee">employee</option>
        </select>
        ${powersField('credential-powers')}`,
    )}
    ${output('credential-out')}`
}

function tokenPart({ verifier }: Desk): Markup {
  return html`<p>
      A token of any dialect, or one that no API may accept, beside what each check says.
    </p>
    ${form(
      'mint',
      'Mint a token',
      html`<label for="mint-shape">Kind of token</label>
        <select id="mint-shape" name="shape">
          <option value="">as this Verifier issues it</option>
          <option value="id_token">an id_token</option>
          <optgroup label="Dialects">${Object.keys(tokenShapes).map(option)}</optgroup>
          <optgroup label="Broken">${Object.keys(brokenTokens).map(option)}</optgroup>
        </select>
        ${powersField('mint-powers')}
        <div class="row">
          ${field('mint-audience', 'audience', 'Audience', "the Verifier's own")}
          ${field('mint-life', 'expires-in', 'Life in seconds', 'by profile')}
          ${field('mint-required', 'required', 'Power that the route asks for', 'none')}
        </div>
        ${binds(verifier) ? bindingFields() : ''}`,
    )}
    ${output('mint-out')}`
}

/** Only the profile `oauth` binds the tokens that it issues. */
function binds({ profile }: DevVerifier): boolean {
  return profile === 'oauth'
}

function bindingFields(): Markup {
  return html`<div class="row">
      <p>
        <label for="mint-bound">Bound to</label>
        <select id="mint-bound" name="bound-to">
          <option value="">nothing</option>
          <option value="key">a key, shown by a proof (DPoP)</option>
          <option value="certificate">a certificate, shown over TLS</option>
        </select>
      </p>
      ${field('mint-sent-to', 'sent-to', 'Address that it is sent to', 'http://127.0.0.1:3000/')}
    </div>
    <label for="mint-own">Your own key (JWK, hexadecimal or PEM) or certificate (PEM)</label>
    <textarea
      id="mint-own"
      name="own"
      rows="2"
      placeholder="those of this page"
      spellcheck="false"
    ></textarea>`
}

function option(name: string): Markup {
  return html`<option value="${name}">${name}</option>`
}

function field(id: string, name: string, label: string, placeholder: string): Markup {
  return html`<p>
    <label for="${id}">${label}</label>
    <input id="${id}" name="${name}" placeholder="${placeholder}" spellcheck="false" />
  </p>`
}

function explainPart(): Markup {
  return html`<p>What an API decides on a token that you have. It stays on this machine.</p>
    ${form(
      'explain',
      'Explain the token',
      html`<label for="explain-token">Token</label>
        <textarea id="explain-token" name="token" rows="4" required spellcheck="false"></textarea>
        <div class="row">
          ${field('explain-audience', 'expected-audience', 'Audience that the API expects', 'by profile')}
          ${field('explain-required', 'required', 'Power that the route asks for', 'none')}
        </div>`,
    )}
    ${output('explain-out')}`
}

function callPart({ verifier, watched }: Desk): Markup {
  const url = watched === undefined ? '' : `${new URL(watched).origin}/`
  return html`<p>Calls an API on this machine with a fresh token of these powers.</p>
    ${form(
      'call',
      'Call the API',
      html`<div class="row">
          <p>
            <label for="call-url">Address</label>
            <input
              id="call-url"
              name="url"
              type="url"
              required
              value="${url}"
              placeholder="http://127.0.0.1:3000/orders"
            />
          </p>
          <p>
            <label for="call-method">Method</label>
            <select id="call-method" name="method">
              ${['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map(option)}
            </select>
          </p>
        </div>
        ${powersField('call-powers')}
        ${
          binds(verifier)
            ? html`<label for="call-bound">Token</label>
                <select id="call-bound" name="bound-to">
                  <option value="">a bearer token</option>
                  <option value="key">bound to the key of this page, with a proof</option>
                </select>`
            : ''
        }`,
    )}
    ${output('call-out')}`
}

function decisionsPart({ watched }: Desk): Markup {
  if (watched === undefined)
    return html`<p>
        Start with <code>--watch http://127.0.0.1:3000</code>, and mount
        <code>watchDecisions()</code> of <code>@verifier-guard/core/explain</code> in your API, to
        see each of its decisions here.
      </p>
      <ol id="decision-list" class="feed" tabindex="0" aria-label="Decisions"></ol>`
  return html`<p>
      Decisions of the API at <code>${visible(new URL(watched).origin)}</code>, as they are made.
    </p>
    <ol id="decision-list" class="feed" tabindex="0" aria-label="Decisions"></ol>`
}

function requestsPart({ verifier }: Desk): Markup {
  const { origin } = new URL(verifier.issuer)
  return html`<p>Token requests as they come in, with the cause that the answer hides.</p>
    ${copyable('requests-curl', `curl -s ${origin}/dev/token`)}
    <ol id="request-list" class="feed" tabindex="0" aria-label="Requests"></ol>`
}

function faultsPart(): Markup {
  return html`<div class="row">
      ${form(
        'faults',
        'Set the fault',
        html`<label for="fault-place">Where</label>
          <select id="fault-place" name="place">
            ${[...ENDPOINTS, 'issuers'].map(option)}
          </select>
          <label for="fault-name">What</label>
          <select id="fault-name" name="fault">
            ${FAULT_NAMES.map(option)}
          </select>`,
        'state',
      )}
      ${form(
        'clock',
        'Set the clock',
        html`<label for="clock-offset">Seconds ahead; negative behind</label>
          <input id="clock-offset" name="offset" inputmode="numeric" value="0" />`,
        'state',
      )}
      ${form(
        'rotate',
        'Rotate the key',
        html`<label for="rotate-keep">The old key</label>
          <select id="rotate-keep" name="keep">
            <option value="no">is withdrawn at once</option>
            <option value="yes">stays published</option>
          </select>`,
        'state',
      )}
      ${form('heal', 'Heal everything', html`<p>Ends every fault, and sets the clock right.</p>`, 'state')}
    </div>
    <p>What is set stands under <a href="#verifier">Verifier</a>.</p>`
}
