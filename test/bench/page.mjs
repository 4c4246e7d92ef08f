/*
 * The page of figures, which is committed: a reader finds it without a run. Written again from the
 * last results by `node test/bench/page.mjs`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { page } from './report.mjs'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const PAGE = here('../../docs/reference/measured.md')

if (process.argv[1] === fileURLToPath(import.meta.url))
  await writeFigures(JSON.parse(readFileSync(here('results.json'), 'utf8')))

/** Writes the page of these results. */
export async function writeFigures(results) {
  await writeFormatted(PAGE, page(results))
}

/** Writes a file in the form that the gate asks for. */
export async function writeFormatted(file, text) {
  writeFileSync(file, await formatted(file, text))
}

async function formatted(file, text) {
  return format(text, { ...(await resolveConfig(file)), filepath: file })
}
