import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../packages.js'
import { sources } from './imports.js'

const folder = join(root, 'packages/core/src')

test.each(sources(folder))('%s of core opens with a comment that says what it holds', (file) => {
  expect(readFileSync(join(folder, file), 'utf8')).toMatch(/^\/\*\*?\s+(?:\* )?[A-Z]/)
})
