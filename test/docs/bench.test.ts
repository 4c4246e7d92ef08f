import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './snippets.js'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
/** Cells and words, however the formatter aligns them. */
const words = (markdown: string) => markdown.replaceAll(/[\s|-]+/g, ' ').trim()

interface Report {
  overview(results: object): string
}
const report = () => import(join(root, 'test/bench/report.mjs')) as Promise<Report>
const results = () => JSON.parse(read('test/bench/results.json')) as object

test('the table in the README says what was measured last', async () => {
  const { overview } = await report()
  const [, table = ''] = /<!-- npm run bench -->([^]*)<!-- \/ -->/.exec(read('README.md')) ?? []
  expect(words(table)).toContain('verifier guard')
  expect(words(table)).toBe(words(overview(results())))
})

test('the table says what a machine could not measure', async () => {
  const { overview } = await report()
  const lines = overview({ ...results(), oneCore: undefined }).split('\n')
  const rows = lines.filter((line) => line.startsWith('| ')).slice(2)
  expect(rows.filter((row) => !row.includes('left out'))).toEqual([])
})
