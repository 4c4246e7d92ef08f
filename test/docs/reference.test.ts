import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERRORS, type ErrorCode } from '@verifier-guard/core'
import { EVENT_NAMES } from '../../packages/core/src/kit/events.js'
import { ROOMS } from '../architecture/rooms.js'
import { root } from './snippets.js'

const readmeOf = (name: string) => readFileSync(join(root, 'packages', name, 'README.md'), 'utf8')
const readme = readmeOf('core')
const read = (file: string) => readFileSync(join(root, 'packages/core/src', file), 'utf8')

/** The rows of the table under a heading, cell by cell. */
function table(heading: string, page = readme): readonly (readonly string[])[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

const first = (heading: string) => table(heading).map(([name]) => name!)

describe('the README of core and its code say the same', () => {
  test('error codes and their status', () => {
    const documented = Object.fromEntries(
      table('Errors').map(([code, status]) => [code!, Number(status)] as const),
    )
    const coded = Object.fromEntries(
      Object.entries(ERRORS).map(([code, { status }]) => [code, status]),
    )
    expect(documented).toEqual(coded)
  })

  test('every error code is one that some step can throw', () => {
    const source = readdirSync(join(root, 'packages/core/src'), {
      recursive: true,
      encoding: 'utf8',
    })
      .filter((file) => file.endsWith('.ts') && file !== 'kit/errors.ts')
      .map(read)
      .join('\n')
    const unused = (Object.keys(ERRORS) as ErrorCode[]).filter(
      (code) => code !== 'invalid_configuration' && !source.includes(`'${code}'`),
    )
    expect(unused).toEqual([])
  })

  test('events', () => {
    expect(first('Events')).toEqual([...EVENT_NAMES])
  })

  test('the rooms of core, in order', () => {
    expect(first('How a request flows')).toEqual(ROOMS.filter((name) => name !== 'index'))
  })
})

test('the README of the development Verifier lists every option of mint', () => {
  const source = readFileSync(join(root, 'packages/dev-verifier/src/mint.ts'), 'utf8')
  const [, inherited, own] =
    /interface MintOptions extends Pick<\s*CredentialRequest,([^>]*)> \{([^}]*)\}/.exec(source)!
  const names = [
    ...[...inherited!.matchAll(/'(\w+)'/g)].map(([, name]) => name!),
    ...[...own!.matchAll(/readonly (\w+)\?:/g)].map(([, name]) => name!),
  ]
  const documented = table('What `mint` takes', readmeOf('dev-verifier')).flatMap(([cell]) =>
    cell!.split(', '),
  )
  expect(documented.map((name) => name.trim()).sort()).toEqual(names.sort())
})
