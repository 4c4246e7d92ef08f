/*
 * The Verifier as it is now: its keys, its clock and its faults.
 */
import type { Desk } from './desk.js'
import { html, visible, type Markup } from './markup.js'

/** The part of the page that changes with each action. */
export function stateOf({ verifier, clock, faults }: Desk): Markup {
  const { keys } = verifier.jwks()
  return html`<dl>
    <dt>Published keys</dt>
    ${keys.map(
      ({ kid, kty, crv, alg }) =>
        html`<dd><code>${shown(kid) ?? 'no kid'}</code> ${shown(crv) ?? shown(alg) ?? kty}</dd>`,
    )}
    <dt>Clock</dt>
    <dd>
      ${clock.offset === 0 ? "this machine's" : `${clock.offset} s ${clock.offset > 0 ? 'ahead' : 'behind'}`}
    </dd>
    <dt>Faults</dt>
    ${faults.size === 0 ? html`<dd>none</dd>` : ''}
    ${[...faults].map(([place, fault]) => html`<dd><b>${place}</b>: ${fault}</dd>`)}
  </dl>`
}

function shown(member: unknown): string | undefined {
  return typeof member === 'string' ? visible(member) : undefined
}
