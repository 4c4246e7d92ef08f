/*
 * The tables of options in the READMEs, written from the rows that the code checks options by:
 * `node packages/build/option-tables.mjs`, after a build. A test holds each table to its rows.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as certificate from '../core/dist/esm/options/certificate.js'
import * as dpop from '../core/dist/esm/options/dpop.js'
import * as lists from '../core/dist/esm/options/status-lists.js'
import * as table from '../core/dist/esm/options/table.js'
import * as client from '../client/dist/esm/option-table.js'
import * as verifier from '../dev-verifier/dist/esm/option-table.js'

/** The READMEs, and the rows of the table under each of their headings. */
export const TABLES = {
  core: {
    Options: table.SERVER_ROWS,
    Issuers: table.ISSUER_ROWS,
    'Key sets': table.KEY_SET_ROWS,
    'Token cache': table.CACHE_ROWS,
    'Status lists': lists.STATUS_LIST_ROWS,
    DPoP: dpop.DPOP_ROWS,
    'DPoP nonces': dpop.NONCE_ROWS,
    'Used DPoP proofs': dpop.REPLAY_ROWS,
    'Client certificates': certificate.CERTIFICATE_ROWS,
  },
  'dev-verifier': { Options: verifier.OPTIONS },
}

/** The tables of the site: that of the client's README has columns of its own. */
export const SITE_TABLES = { ...TABLES, client: { Options: client.OPTIONS } }

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, tables] of Object.entries(TABLES)) {
    const path = fileURLToPath(new URL(`../${name}/README.md`, import.meta.url))
    writeFileSync(path, rewritten(readFileSync(path, 'utf8'), tables))
  }
}

/** A README with the tables under the given headings written anew. */
function rewritten(page, tables) {
  return Object.entries(tables).reduce((text, [heading, rows]) => {
    const start = text.search(new RegExp(`^#{2,3} ${heading}$`, 'm'))
    const found = start === -1 ? null : /^\|.*\n(?:\|.*\n)+/m.exec(text.slice(start))
    if (found === null) throw new Error(`the README has no table under "${heading}"`)
    const at = start + found.index
    return text.slice(0, at) + markdown(rows) + text.slice(at + found[0].length)
  }, page)
}

/** Rows of options as a Markdown table. */
export function markdown(rows) {
  const cells = cellsOf(rows)
  const all = [['Option', 'Meaning', 'Default'], ...cells]
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((line) => line[column].length)))
  const line = (texts, fill = ' ') =>
    `| ${texts.map((text, column) => text.padEnd(widths[column], fill)).join(' | ')} |\n`
  return line(all[0]) + line(['', '', ''], '-') + cells.map((texts) => line(texts)).join('')
}

/** The rows of options as the cells of a table: name, meaning, default. */
export function cellsOf(rows) {
  return Object.entries(rows).map(([name, row]) => [`\`${name}\``, row.says, defaultOf(row)])
}

/** The default of an option as documents state it, with its unit. The client calls it fallback. */
export function defaultOf({ default: value, fallback, defaultIs = fallback, unit }) {
  if (defaultIs !== undefined) return defaultIs
  if (value === undefined) return 'required'
  if (typeof value === 'string') return `\`${value}\``
  const text =
    typeof value === 'number' ? value.toLocaleString('en').replaceAll(',', ' ') : String(value)
  return unit === undefined ? text : `${text} ${unit}`
}
