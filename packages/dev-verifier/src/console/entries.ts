/*
 * Lines of the two live lists: the requests that came to this Verifier, and the decisions of an API
 * that is watched.
 */
import type { FailedEvent, RefusedEvent, TokenIssuedEvent } from '../events.js'
import { cureOf } from './cures.js'
import { html, visible, type Markup } from './markup.js'

/** A token that was issued. */
export function issuedEntry(time: Date, { clientId, expiresIn, tenant }: TokenIssuedEvent): Markup {
  return entry(
    'passed',
    time,
    html`<b>token issued</b> to ${visible(clientId)}, for ${expiresIn}
      s${tenant === undefined ? '' : `, tenant ${visible(tenant)}`}`,
  )
}

/** A request that was refused, with the cause that its answer hides. */
export function refusedEntry(
  time: Date,
  { endpoint, check, status, error, cause }: RefusedEvent,
): Markup {
  const answer = [status ?? 'connection closed', error].filter(Boolean).join(' ')
  return entry(
    'failed',
    time,
    html`<b>${endpoint ?? 'request'} refused</b>, answered ${visible(answer)} <code>${check}</code
      ><br />
      ${visible(cause)}<br /><em>Cure: ${cureOf(check)}</em>`,
  )
}

/** A fault of the development Verifier itself. */
export function failedEntry(time: Date, { endpoint, message }: FailedEvent): Markup {
  return entry('failed', time, html`<b>${endpoint} failed</b> (500): ${visible(message)}`)
}

/** A decision of an API, as its handler tells it. Nothing of it is believed. */
export interface WatchedDecision {
  readonly result: 'allowed' | 'denied'
  readonly status?: number
  readonly code?: string
  readonly expected?: string
  readonly actual?: string
  readonly cure?: string
  readonly checks: readonly { readonly name: string; readonly verdict: string }[]
}

const SIGNS: Readonly<Record<string, string>> = { passed: '✓', failed: '✗' }

/** A decision, each check ticked or crossed. */
export function decisionEntry(time: Date, decision: WatchedDecision): Markup {
  const { result, status = 200, code, expected, actual, cure, checks } = decision
  const steps = checks.map(
    ({ name, verdict }) =>
      html`<span class="step ${SIGNS[verdict] === undefined ? 'skipped' : verdict}"
        ><span aria-hidden="true">${SIGNS[verdict] ?? '–'}</span> ${visible(name)}<span
          class="hidden"
        >
          ${verdict === 'passed' ? 'passed' : verdict === 'failed' ? 'failed' : 'not asked'},</span
        ></span
      > `,
  )
  const why =
    result === 'allowed'
      ? ''
      : html`<br /><code>${visible(code ?? '')}</code> expected ${visible(expected ?? '')}, found
          ${visible(actual ?? '')}${cure === undefined ? '' : html`<br /><em>Cure: ${visible(cure)}</em>`}`
  return entry(
    result === 'allowed' ? 'passed' : 'failed',
    time,
    html`<b>${result === 'allowed' ? 'let through to the route' : `refused with ${status}`}</b
      ><br />
      ${steps}${why}`,
  )
}

function entry(verdict: string, time: Date, text: Markup): Markup {
  const clock = time.toISOString().slice(11, 19)
  return html`<li class="${verdict}">
    <time datetime="${time.toISOString()}">${clock}</time>
    <span>${text}</span>
  </li>`
}
