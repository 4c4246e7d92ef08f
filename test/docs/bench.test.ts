import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './snippets.js'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
/** Cells and words, however the formatter aligns them. */
const words = (markdown: string) => markdown.replaceAll(/[\s|-]+/g, ' ').trim()

test('the table in the README says what was measured last', async () => {
  const report = (await import(join(root, 'test/bench/report.mjs'))) as {
    overview(results: unknown): string
  }
  const [, table = ''] = /<!-- npm run bench -->([^]*)<!-- \/ -->/.exec(read('README.md')) ?? []
  expect(words(table)).toContain('verifier guard')
  expect(words(table)).toBe(words(report.overview(JSON.parse(read('test/bench/results.json')))))
})
