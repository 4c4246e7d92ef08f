/*
 * A token beside what each check says of it. The checks come from whoever starts the console: this
 * package decides on no token.
 */
import { html, visible, type Markup } from './markup.js'

/** One check of a token, in words. */
export interface ExplainedCheck {
  readonly name: string
  readonly verdict: 'passed' | 'failed' | 'undecided' | 'skipped'
  readonly expected: string
  readonly found: string
  readonly code?: string
  readonly cure?: string
}

/** What a resource server decides on a token, check by check. */
export interface Explained {
  readonly verdict: 'accepted' | 'refused' | 'undecided'
  readonly code?: string
  readonly is: { readonly says: string; readonly cure?: string }
  readonly checks: readonly ExplainedCheck[]
}

/** What a token is held to. */
export interface Held {
  /** What `aud` must hold; by profile when it is left out. */
  readonly audience?: string
  /** A power that the route asks for. */
  readonly power?: { readonly domain: string; readonly function: string; readonly action: string }
}

/** Explains a token. */
export type Explain = (token: string, held: Held) => Promise<Explained>

const SIGNS = { passed: '✓', failed: '✗', undecided: '?', skipped: '–' } as const
const WORDS = {
  passed: 'passed',
  failed: 'failed',
  undecided: 'undecided',
  skipped: 'not checked',
} as const

/** The token decoded, and its checks side by side. */
export function explainedToken(token: string, explained: Explained | undefined): Markup {
  return html`<div class="sides">
    <section aria-label="The token, decoded">${decoded(token)}</section>
    <section aria-label="What each check says">
      ${explained === undefined ? html`<p>No explanation is available here.</p>` : checks(explained)}
    </section>
  </div>`
}

function checks({ verdict, code, is, checks: all }: Explained): Markup {
  return html`<p class="verdict ${verdict}">
      <strong
        >${verdict === 'accepted' ? 'Accepted' : verdict === 'refused' ? 'Refused' : 'Undecided'}</strong
      >
      ${code === undefined ? '' : html`<code>${code}</code>`}
    </p>
    <p>It is ${visible(is.says)}.${is.cure === undefined ? '' : ` To do: ${visible(is.cure)}.`}</p>
    <ol class="checks">
      ${all.map(check)}
    </ol>`
}

function check({ name, verdict, expected, found, cure }: ExplainedCheck): Markup {
  return html`<li class="${verdict}">
    <span class="sign" aria-hidden="true">${SIGNS[verdict]}</span>
    <span
      ><b>${visible(name)}</b> <span class="quiet">${WORDS[verdict]}</span><br />
      ${
        verdict === 'passed'
          ? html`<span class="quiet">${visible(found)}</span>`
          : html`expected ${visible(expected)}<br />found ${visible(found)}
              ${cure === undefined ? '' : html`<br /><em>Cure: ${visible(cure)}</em>`}`
      }
    </span>
  </li>`
}

function decoded(token: string): Markup {
  const [header = '', claims = ''] = token.split('.')
  return html`<h4>Header</h4>
    <pre tabindex="0" aria-label="Header">${pretty(header)}</pre>
    <h4>Claims</h4>
    <pre tabindex="0" aria-label="Claims">${pretty(claims)}</pre>`
}

function pretty(part: string): string {
  const text = Buffer.from(part, 'base64url').toString()
  try {
    return visible(JSON.stringify(JSON.parse(text), null, 2))
  } catch {
    return visible(text)
  }
}
