import { existsSync, readdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import { adapters, root } from '../packages.js'
import { imports, sources } from './imports.js'
import { ROOMS } from './rooms.js'

const packages = join(root, 'packages')

/** What each package of ours may import of the others; everything else is forbidden. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  'dev-verifier': [],
  client: ['core'],
  cli: ['core', 'client', 'dev-verifier'],
  opentelemetry: ['core'],
  redis: ['core'],
  ...Object.fromEntries(adapters.map((name) => [name, ['core']])),
}

const names = readdirSync(packages).filter((name) => existsSync(join(packages, name, 'src')))

describe('dependencies between packages point one way', () => {
  test('every package has a rule', () => {
    expect(names.filter((name) => ALLOWED[name] === undefined)).toEqual([])
  })

  test.each(names)('%s imports what its rule allows', (name) => {
    const folder = join(packages, name, 'src')
    const ours = sources(folder)
      .flatMap((file) => imports(folder, file))
      .filter((target) => target.startsWith('@verifier-guard/'))
      .map((target) => target.split('/')[1]!)
    const foreign = ours.filter((target) => !ALLOWED[name]!.includes(target) && target !== name)
    expect([...new Set(foreign)]).toEqual([])
  })
})

describe('core reads in the order in which a request flows', () => {
  const folder = join(packages, 'core/src')
  const files = sources(folder)
  const rooms: readonly string[] = ROOMS
  const roomOf = (file: string) => file.split('/')[0]!.replace(/\.[jt]s$/, '')

  test('every file is in a room', () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual([...rooms].sort())
  })

  test.each(files)('%s takes code and types only from earlier rooms and its own', (file) => {
    const allowed = rooms.slice(0, rooms.indexOf(roomOf(file)) + 1)
    const targets = imports(folder, file)
      .filter((target) => target.startsWith('.'))
      .map((target) => roomOf(posix.join(posix.dirname(file), target)))
    expect(targets.filter((target) => !allowed.includes(target))).toEqual([])
  })
})
