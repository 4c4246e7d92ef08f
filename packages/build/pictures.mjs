/*
 * The pictures of the documents, drawn from short descriptions. After a change:
 * `node packages/build/pictures.mjs`.
 * Lifelines are columns, messages are rows. A card keeps each readable on any background.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const WIDTH = 820
const ROW = 54
const TOP = 84

const FLOW = {
  file: 'flow.svg',
  title: 'A machine gets a token at the Verifier and calls an API with it',
  columns: ['Client', 'Verifier', 'API, guarded'],
  rows: [
    { step: '1', at: 0, text: 'holds a machine credential and its private key' },
    { step: '2', from: 0, to: 1, text: 'client assertion with the credential in a presentation' },
    { from: 1, to: 0, text: 'access token: a JWT, one hour at most' },
    { step: '3', from: 0, to: 2, text: 'request with Authorization: Bearer <token>' },
    { from: 2, to: 1, text: 'key set, in the background', isQuiet: true },
    { step: '4', at: 2, text: 'signature, issuer, times, powers' },
    { from: 2, to: 0, text: '200, or 401, 403, 503' },
  ],
}

const DECISION = {
  file: 'decision.svg',
  title: 'A request through core',
  columns: ['Adapter', 'Token cache', 'Rules', 'Key set'],
  rows: [
    { from: 0, to: 1, text: 'presented: scheme, token' },
    { from: 1, to: 0, text: 'known: go on with the binding', isQuiet: true },
    { from: 1, to: 3, text: 'new: issuer, algorithm, signature' },
    { from: 3, to: 2, text: 'signed claims' },
    { at: 2, text: 'kind, times, audience, credential' },
    { from: 2, to: 1, text: 'validated: kept from its second request on' },
    { from: 1, to: 0, text: 'binding, then the requirements of the route' },
    { at: 0, text: 'handler, or answer with a challenge' },
  ],
}

const LIFE = {
  file: 'kept-value.svg',
  title: 'The life of a key set',
  columns: ['fresh', 'due', 'stale', 'ended'],
  rows: [
    { from: 0, to: 1, text: 'at 80 to 90 % of maxAge: refetched' },
    { from: 1, to: 0, text: 'answered: fresh again' },
    { from: 1, to: 2, text: 'no answer: still used, event keySetStale' },
    { from: 2, to: 0, text: 'answered: fresh again' },
    { from: 2, to: 3, text: 'maxStale is over: nothing is accepted, 503' },
  ],
}

const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

function draw({ title, columns, rows }) {
  const height = TOP + rows.length * ROW + 16
  const xs = columns.map((_, n) => ((n + 0.5) * WIDTH) / columns.length)
  const heads = columns.map((name, n) => head(name, xs[n], height))
  const lines = rows.map((row, n) => line(row, xs, TOP + n * ROW + ROW / 2))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}" font-family="system-ui, sans-serif">
<title>${escape(title)}</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#1a5fb4"/></marker></defs>
<rect width="${WIDTH}" height="${height}" rx="12" fill="#fbfcfe" stroke="#c9d3e0"/>
${[...heads, ...lines].join('\n')}
</svg>
`
}

function head(name, x, height) {
  return `<line x1="${x}" y1="60" x2="${x}" y2="${height - 16}" stroke="#c9d3e0"/>
<rect x="${x - 92}" y="20" width="184" height="40" rx="8" fill="#e3ecf8" stroke="#1a5fb4"/>
<text x="${x}" y="45" text-anchor="middle" font-size="15" font-weight="600" fill="#16283f">${escape(name)}</text>`
}

function line({ step, from, to, at, text, isQuiet }, xs, y) {
  const label = (x) =>
    `<text x="${x}" y="${y - 8}" text-anchor="middle" font-size="13" fill="#16283f" stroke="#fbfcfe" stroke-width="4" paint-order="stroke">${step ? `<tspan font-weight="700" fill="#1a5fb4">${step}  </tspan>` : ''}${escape(text)}</text>`
  if (at !== undefined) return noted(label, clamp(xs[at], text), xs[at], y)
  const [start, end] = [xs[from], xs[to]]
  const edge = end > start ? -6 : 6
  const dash = isQuiet ? ' stroke-dasharray="5 5"' : ''
  return `<line x1="${start}" y1="${y}" x2="${end + edge}" y2="${y}" stroke="#1a5fb4" stroke-width="1.6"${dash} marker-end="url(#tip)"/>\n${label(clamp((start + end) / 2, text))}`
}

const noted = (label, x, column, y) =>
  `<circle cx="${column}" cy="${y + 2}" r="4" fill="#1a5fb4"/>\n${label(x)}`

/** Keeps a text within the card; a character is about 6.6 units wide. */
function clamp(x, text) {
  const half = (text.length * 6.6) / 2 + 24
  return Math.min(Math.max(x, half), WIDTH - half)
}

for (const picture of [FLOW, DECISION, LIFE]) {
  const path = new URL(`../../docs/pictures/${picture.file}`, import.meta.url)
  writeFileSync(fileURLToPath(path), draw(picture))
}
