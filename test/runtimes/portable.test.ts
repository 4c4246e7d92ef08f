import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from './bundle.js'

const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
afterAll(() => rmSync(folder, { recursive: true }))

test.each(['fetch/src/index.ts', 'fetch/src/hono.ts', 'client/src/index.ts'])(
  'the bundle of %s imports nothing of Node',
  (entry) => {
    const outfile = join(folder, 'bundle.js')
    expect(bundle(join(__dirname, '../../packages', entry), outfile)).toEqual([])
    expect(readFileSync(outfile, 'utf8').length).toBeGreaterThan(10_000)
  },
)
