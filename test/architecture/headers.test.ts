import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../packages.js'
import { sources } from './imports.js'

const packages = ['core', 'express', 'fastify', 'fetch', 'koa', 'nestjs', 'redis']
const files = packages.flatMap((name) =>
  sources(join(root, 'packages', name, 'src')).map((file) => join('packages', name, 'src', file)),
)

/** A comment that belongs to the file, and not to what is declared below it. */
const HEAD = /^(?:\/\*\s+(?:\* )?[A-Z]|\/\*\*\s+\* [A-Z](?:(?!\*\/)[^])*@packageDocumentation)/

test.each(files)('%s opens with a comment that says what it holds', (file) => {
  expect(readFileSync(join(root, file), 'utf8')).toMatch(HEAD)
})
