import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ERRORS } from '@verifier-guard/core'
import { documents, root, site } from './snippets.js'

type Sections = Readonly<Record<string, readonly (readonly [title: string, page: string])[]>>

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const sections = async () =>
  ((await import(join(root, 'docs/.vitepress/sections.mjs'))) as { SECTIONS: Sections }).SECTIONS
const sources = async () =>
  (
    (await import(join(root, 'packages/build/sources.mjs'))) as {
      SOURCES: Readonly<Record<string, string>>
    }
  ).SOURCES

/** Pages that `packages/build/reference.mjs` makes of what the code states. */
const MADE = ['reference/index.md', 'reference/options.md']

/** The pages that the sidebar names, as files below `docs`. */
async function named(): Promise<readonly string[]> {
  const pages = Object.values(await sections()).flat()
  return pages.map(([, page]) => (page.endsWith('/') ? `${page}index.md` : `${page}.md`))
}

describe('the sidebar', () => {
  test('names pages that exist', async () => {
    const made = [...MADE, ...Object.keys(await sources())]
    const missing = (await named()).filter(
      (page) => !made.includes(page) && !existsSync(join(root, 'docs', page)),
    )
    expect(missing).toEqual([])
  })

  test('names every page, but the first one and the single decisions', async () => {
    const written = site().map((page) => relative(join(root, 'docs'), page))
    const expected = [...written, ...MADE, ...Object.keys(await sources())].filter(
      (page) => page !== 'index.md' && !/decisions\/\d/.test(page),
    )
    expect([...(await named())].sort()).toEqual(expected.sort())
  })
})

test('pages that are made of other documents have these, and are not kept twice', async () => {
  const ignored = read('.gitignore').split('\n')
  for (const [place, source] of Object.entries(await sources())) {
    expect([source, existsSync(join(root, source))]).toEqual([source, true])
    expect(ignored.filter((path) => path && `docs/${place}`.startsWith(path))).toHaveLength(1)
  }
})

const PACKAGES = readdirSync(join(root, 'packages')).join('|')
/**
 * A file or folder of the repository that a page names; "packages/" may be left out, and so may the
 * ending of a suite of tests, as on the command line.
 */
const NAMED = new RegExp(`\`((?:packages|examples|test|docs|${PACKAGES})/[\\w./-]+)\``, 'g')

function isThere(file: string): boolean {
  const paths = [file, join('packages', file), `${file}.test.ts`]
  return paths.some((path) => existsSync(join(root, path)))
}

test('pages name files of the repository that exist', () => {
  const files = site().flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(NAMED)].map(([, file]) => file!),
  )
  expect(files.length).toBeGreaterThan(15)
  expect(files.filter((file) => !isThere(file))).toEqual([])
})

/** The cells of a page's tables that a reader would have to read twice. */
function longCells(page: string): readonly string[] {
  const lines = read(page).split('\n')
  const rows = lines.filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line))
  const cells = rows.flatMap((line) => line.split('|'))
  return cells.map((cell) => shown(cell.trim())).filter((cell) => cell.length > 200)
}

/** A cell as it is read: a link is its text. */
function shown(cell: string): string {
  return cell.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
}

test('a cell of a table holds at most 200 characters', () => {
  const long = documents().flatMap((page) => longCells(page).map((cell) => ({ page, cell })))
  expect(long).toEqual([])
})

describe('the README', () => {
  test('has at most 130 lines', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(130)
  })

  test('lists every package', async () => {
    const { packages } = (await import(join(root, 'packages/build/manifests.mjs'))) as {
      packages: readonly { manifest: { name: string } }[]
    }
    const names = packages.map(({ manifest }) => manifest.name)
    const table = read('README.md').split('## Packages')[1]!
    expect(names.filter((name) => !table.includes(`| [\`${name}\`](`))).toEqual([])
  })
})

test('the guide on operating lists the alerts of the package, their severity and delay', () => {
  const rules = read('packages/opentelemetry/dashboards/verifier-guard.rules.yml')
  const alerts = [...rules.matchAll(/alert: (\w+)\n([^]*?)(?=\n\n|$(?![^]))/g)].map(
    ([, name, rule]) => [name, /severity: (\w+)/.exec(rule!)![1], delayOf(rule!)],
  )
  const rows = [
    ...read('docs/guides/operate.md').matchAll(/^\| `(\w+)` *\| (\w+) *\| ([^|]*?) *\|/gm),
  ]
  expect(alerts.length).toBeGreaterThan(5)
  expect(rows.map(([, ...cells]) => cells)).toEqual(alerts)
})

test('the runbook of the SRE has a first action for every alert of the package', () => {
  const rules = read('packages/opentelemetry/dashboards/verifier-guard.rules.yml')
  const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name)
  const rows = [...read('docs/runbook/sre.md').matchAll(/^\| `(VerifierGuard\w+)` *\| \S/gm)]
  expect(rows.map(([, name]) => name)).toEqual(alerts)
})

test('the page on validation has every code that a request is refused with, under its status', () => {
  const rows = read('docs/runbook/validate.md').match(/^\| .*`\w+`.*\|$/gm) ?? []
  const stated = rows.flatMap((row) =>
    [...row.split('|')[2]!.matchAll(/(\d{3}) (`[^;]*)/g)].flatMap(([, status, codes]) =>
      [...codes!.matchAll(/`(\w+)`/g)].map(([, code]) => [code, Number(status)] as const),
    ),
  )
  const { invalid_configuration: atStart, ...codes } = ERRORS
  expect(atStart.status).toBe(500)
  expect(Object.fromEntries(stated)).toEqual(
    Object.fromEntries(Object.entries(codes).map(([code, { status }]) => [code, status])),
  )
})

test('every row of the compliance tables has evidence that can be run or read', () => {
  const rows = read('docs/runbook/security.md').match(/^\| (?:\[RFC|\d+\.\d+\.\d+ ).*$/gm) ?? []
  const evidence = rows.map((row) => row.split(' | ').at(-1)!)
  expect(rows.length).toBeGreaterThan(30)
  expect(evidence.filter((cell) => !/\]\([^)]+\.(?:test\.ts|md)\)/.test(cell))).toEqual([])
})

/** How long an alert's condition lasts before it fires, in words. */
function delayOf(rule: string): string {
  const [, count, unit] = /for: (\d+)([mh])/.exec(rule) ?? []
  if (count === undefined) return 'at once'
  return `${count} ${unit === 'm' ? 'minute' : 'hour'}${count === '1' ? '' : 's'}`
}

describe('what a version promises', () => {
  const page = read('docs/reference/versions.md')
  /** The versions that a row of the table names, or `undefined`. */
  const row = (name: string) =>
    new RegExp(`^\\| ${name} *\\| ([^|]*?) *\\|`, 'm').exec(page)?.[1]?.split(', ')
  const manifest = (folder: string) =>
    JSON.parse(read(join(folder, 'package.json'))) as {
      peerDependencies?: Readonly<Record<string, string>>
      engines?: Readonly<Record<string, string>>
    }
  /** The oldest version of each part of a range: of `^4.18.0 || ^5.0.0`, `4.18` and `5`. */
  const oldest = (range = '') =>
    [...range.matchAll(/\^([\d.]+)/g)].map(([, one]) => one!.replace(/(\.0)+$/, ''))

  test.each([
    ['Express', 'express', 'express'],
    ['Koa', 'koa', 'koa'],
    ['Fastify', 'fastify', 'fastify'],
    ['NestJS', 'nestjs', '@nestjs/core'],
    ['Hono', 'fetch', 'hono'],
  ])('%s: the table names the peers of the package', (name, folder, peer) => {
    const range = manifest(`packages/${folder}`).peerDependencies?.[peer]
    expect([peer, oldest(range)]).toEqual([peer, row(name)])
  })

  test('Node: every package takes the oldest version of the table', () => {
    const folders = readdirSync(join(root, 'packages')).filter((folder) => folder !== 'build')
    const stated = folders.map((folder) => manifest(`packages/${folder}`).engines?.['node'])
    expect(new Set(stated)).toEqual(new Set([`>=${row('Node')![0]}.0`]))
  })
})
