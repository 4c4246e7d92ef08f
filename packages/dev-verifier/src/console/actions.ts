/*
 * What the forms of the page do. Each action answers with data for a program, and with a piece of
 * the page for people.
 */
import { readUpTo } from '../body.js'
import { clientEnvironment } from '../hand-out.js'
import { faults, type FaultName, type FaultPlace } from '../faults.js'
import { isLoopback } from '../loopback.js'
import { Mistake } from '../mistake.js'
import { readPower } from '../power.js'
import { systemFetch } from '../runtime.js'
import { tokenShapes, type TokenShapeName } from '../token-shapes.js'
import { brokenTokens, type BrokenTokenName } from '../variants.js'
import type { BoundTo } from '../bound-to.js'
import type { MintOptions } from '../mint.js'
import type { Desk } from './desk.js'
import { bindingOf, curlWithProof, type Call } from './bound.js'
import { explainedToken, type Held } from './explained.js'
import { powersOf, wholeNumber, type Fields } from './form.js'
import { copyable, html, quoted, textOf, visible, type Markup } from './markup.js'
import { stateOf } from './state.js'
import type { DevVerifier } from '../verifier.js'

/** What came of an action. */
export interface Outcome {
  readonly data: object
  readonly markup: Markup
}

/** An action of the page. @throws Mistake */
export type Action = (desk: Desk, fields: Fields) => Outcome | Promise<Outcome>

/** The actions, by the last part of their path. */
export const ACTIONS: Readonly<Record<string, Action>> = {
  credential: issueCredential,
  mint: mintToken,
  explain: explainToken,
  call: callApi,
  faults: setFault,
  heal: healAll,
  rotate: rotateKeys,
  clock: setClock,
}

function issueCredential({ verifier }: Desk, fields: Fields): Outcome {
  const powers = powersOf(fields['powers'])
  const request = powers.length === 0 ? {} : { powers }
  const isMachine = fields['kind'] !== 'employee'
  const issued = isMachine
    ? verifier.issueMachineCredential(request)
    : verifier.issueEmployeeCredential(request)
  const { credential, did, privateKey } = issued
  return {
    data: { credential, did, privateKey },
    markup: html`<p>Issued to <code>${did}</code>. Configure your client with it:</p>
      ${copyable('credential-env', clientEnvironment(verifier, issued))}
      <p>Or obtain a token with it, in a shell where these three are set:</p>
      ${copyable('credential-token', 'verifier-guard token')}`,
  }
}

async function mintToken(desk: Desk, fields: Fields): Promise<Outcome> {
  const binding = bindingOf(desk.verifier, fields)
  const token = minted(desk, fields, binding?.boundTo)
  const { data, markup } = await explained(desk, token, fields)
  return { data, markup: html`${binding?.howToSend(token) ?? ''}${markup}` }
}

function minted({ verifier }: Desk, fields: Fields, boundTo?: BoundTo): string {
  const { shape = '', powers, audience } = fields
  const expiresIn = wholeNumber('the life', fields['expires-in'])
  const options: MintOptions = {
    ...(Object.hasOwn(tokenShapes, shape) ? tokenShapes[shape as TokenShapeName] : {}),
    ...(powers === undefined ? {} : { powers: powersOf(powers) }),
    ...(audience === undefined ? {} : { audience }),
    ...(expiresIn === undefined ? {} : { expiresIn }),
    ...(boundTo === undefined ? {} : { boundTo }),
  }
  if (Object.hasOwn(brokenTokens, shape))
    return verifier.mintBroken(shape as BrokenTokenName, options)
  return shape === 'id_token' ? verifier.mintIdToken(options) : verifier.mint(options)
}

async function explainToken(desk: Desk, fields: Fields): Promise<Outcome> {
  const token = (fields['token'] ?? '').trim()
  if (token === '') throw new Mistake('Expected a token; found none.')
  return explained(desk, token, fields)
}

async function explained(desk: Desk, token: string, fields: Fields): Promise<Outcome> {
  const audience = fields['expected-audience'] ?? desk.audience
  const held: Held = {
    ...(audience === undefined ? {} : { audience }),
    ...(fields['required'] === undefined ? {} : { power: readPower(fields['required'].trim()) }),
  }
  const explanation = await desk.explain?.(token, held)
  return {
    data: { token, explanation },
    markup: html`<details class="token">
        <summary>The token itself, ${token.length} characters</summary>
        ${copyable('token-text', visible(token))}
      </details>
      ${explainedToken(token, explanation)}`,
  }
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const PATIENCE = 5_000
const MOST_SHOWN = 2_000

/** Sends a request to an API on this machine, as curl would. */
async function callApi({ verifier }: Desk, fields: Fields): Promise<Outcome> {
  const url = localAddress(fields['url'] ?? '')
  const method = fields['method'] ?? 'GET'
  if (!METHODS.includes(method)) throw new Mistake(`Expected a method of ${METHODS.join(', ')}.`)
  const isBound = fields['bound-to'] === 'key'
  const token = fields['token']?.trim() ?? freshToken(verifier, fields, isBound)
  if (/[^\x21-\x7e]/.test(token)) throw new Mistake('Expected a token without white space in it.')
  const call: Call = { url, method, token }
  const answer = await request(call, isBound ? withProof(verifier, call) : bearing(token))
  return {
    data: answer,
    markup: html`<p class="verdict ${answer.status < 400 ? 'accepted' : 'refused'}">
        <strong>${answer.status}</strong> ${visible(answer.challenge ?? '')}
      </p>
      <pre tabindex="0" aria-label="Body of the answer">${visible(answer.body)}</pre>
      ${copyable('call-curl', isBound ? curlWithProof(verifier, call) : curlOf(call))}`,
  }
}

function freshToken(verifier: DevVerifier, { powers }: Fields, isBound: boolean): string {
  const { jwk: key } = verifier.proofKey
  return verifier.mint({ powers: powersOf(powers), ...(isBound && { boundTo: { key } }) })
}

type Headers = Readonly<Record<string, string>>

function bearing(token: string): Headers {
  return { authorization: `Bearer ${token}` }
}

function withProof({ mintProof }: DevVerifier, { url, method, token }: Call): Headers {
  const dpop = mintProof({ url, method, accessToken: token })
  return { authorization: `DPoP ${token}`, dpop }
}

function curlOf({ url, method, token }: Call): string {
  return `curl -i -X ${method} ${quoted(url)} -H ${quoted(`Authorization: Bearer ${token}`)}`
}

function localAddress(text: string): string {
  try {
    const { href, protocol, hostname } = new URL(text)
    if (/^https?:$/.test(protocol) && isLoopback(hostname)) return href
  } catch {
    // Falls through to the message.
  }
  throw new Mistake(
    `Expected the address of an API on this machine, for example http://127.0.0.1:3000/orders; found "${text}".`,
  )
}

async function request({ url, method }: Call, headers: Headers) {
  try {
    const response = await systemFetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE),
    })
    const challenge = response.headers.get('www-authenticate')
    const { text: body } = await readUpTo(response, MOST_SHOWN)
    return { status: response.status, challenge, body }
  } catch {
    throw new Mistake(`Expected an answer from ${url} within 5 seconds; found none. Is it running?`)
  }
}

function setFault(desk: Desk, fields: Fields): Outcome {
  const { place = '', fault = '' } = fields
  const name = fault as FaultName
  try {
    desk.verifier.fail(place as FaultPlace, name)
  } catch (error) {
    throw new Mistake((error as Error).message)
  }
  desk.faults.set(place as FaultPlace, name)
  return changed(desk)
}

function healAll(desk: Desk): Outcome {
  desk.verifier.heal()
  desk.faults.clear()
  desk.clock.offset = 0
  return changed(desk)
}

function rotateKeys(desk: Desk, fields: Fields): Outcome {
  desk.verifier.rotateKeys({ keepOld: fields['keep'] === 'yes' })
  return changed(desk)
}

function setClock(desk: Desk, fields: Fields): Outcome {
  desk.clock.offset = wholeNumber('the difference', fields['offset']) ?? 0
  return changed(desk)
}

/** Every open page shows what is set now. */
function changed(desk: Desk): Outcome {
  const markup = stateOf(desk)
  desk.feed.publish('state', textOf(markup))
  return { data: { faults: Object.fromEntries(desk.faults), offset: desk.clock.offset }, markup }
}

/** The names of all faults. */
export const FAULT_NAMES = Object.keys(faults)
