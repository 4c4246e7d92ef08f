import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './snippets.js'

const BINDING = /(\/\*\*(?:(?!\*\/)[^])*\*\/)\nexport const (\w+) = bound\.\w+/g

/** The TSDoc of each requirement function that an adapter exports, by its name. */
function documented(file: string): Readonly<Record<string, string>> {
  const source = readFileSync(join(root, 'packages', file), 'utf8')
  return Object.fromEntries([...source.matchAll(BINDING)].map(([, text, name]) => [name!, text!]))
}

const express = documented('express/src/index.ts')

test('Express documents every requirement function', () => {
  expect(Object.keys(express)).toEqual(
    expect.arrayContaining(['requiredScopes', 'requiredPower', 'requiredStatus', 'allOf', 'anyOf']),
  )
})

test.each(['koa/src/index.ts', 'fastify/src/index.ts', 'fetch/src/hono.ts'])(
  '%s documents the same requirement functions in the same words',
  (file) => {
    expect(documented(file)).toEqual(express)
  },
)
