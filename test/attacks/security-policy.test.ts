import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '../..')
const text = readFileSync(join(root, 'SECURITY.md'), 'utf8')
const guarantees = text
  .split('## Guarantees')[1]!
  .split('\n## ')[0]!
  .split('\n')
  .filter((line) => line.startsWith('| **'))

test.each(guarantees.map((line) => [/\*\*(.+?)\*\*/.exec(line)![1]!, line]))(
  'the guarantee has tests: %s',
  (_, line) => {
    const paths = [...line.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path!)
    expect(paths.some((path) => path.startsWith('test/') || path.includes('/test/'))).toBe(true)
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  },
)

test('SECURITY.md states guarantees', () => {
  expect(guarantees.length).toBeGreaterThan(10)
})
