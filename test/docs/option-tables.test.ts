import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './snippets.js'

interface Row {
  readonly default?: unknown
  readonly says: string
}

type Rows = Readonly<Record<string, Row>>
type Cells = readonly (readonly string[])[]

interface Generator {
  /** Package, then heading, then the rows. */
  readonly TABLES: Readonly<Record<string, Readonly<Record<string, Rows>>>>
  /** The same, and the tables that the site alone has. */
  readonly SITE_TABLES: Generator['TABLES']
  cellsOf(rows: Rows): Cells
  defaultOf(row: Row): string
}

/** Where the options of a package are declared. */
const DECLARED: Readonly<Record<string, readonly string[]>> = {
  core: [
    'options/options.ts',
    'options/status-lists.ts',
    'options/certificate.ts',
    'options/dpop.ts',
  ],
  'dev-verifier': ['options.ts'],
}

const generator = () => import(join(root, 'packages/build/option-tables.mjs')) as Promise<Generator>
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The rows of the table under a heading of a page, as they are written. */
function tableUnder(heading: string, page: string): Cells {
  const section = page.split(/^#{2,3} /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('| `'))
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** The sentence "Default: …" of each documented member of the options, by "name: default". */
function statedDefaults(source: string): readonly string[] {
  const members = source.matchAll(/\/\*\*([^]*?)\*\/\s+readonly (\w+)\?:/g)
  return [...members].map(([, text, name]) => {
    const plain = text!.replace(/\s+\*?\s*/g, ' ')
    return `${name!}: ${/Default: (.*?)\.(?: |$)/.exec(plain)?.[1] ?? 'none stated'}`
  })
}

test.each(Object.keys(DECLARED))(
  'the README of %s lists every option, what it means and its default',
  async (name) => {
    const { TABLES, cellsOf } = await generator()
    const page = read(`packages/${name}/README.md`)
    for (const [heading, rows] of Object.entries(TABLES[name]!)) {
      expect([heading, tableUnder(heading, page)]).toEqual([heading, cellsOf(rows)])
    }
  },
)

test.each(Object.entries(DECLARED))(
  'the TSDoc of %s states the defaults of its options',
  async (name, files) => {
    const { TABLES, defaultOf } = await generator()
    const stated = statedDefaults(
      files.map((file) => read(`packages/${name}/src/${file}`)).join('\n'),
    )
    const rows = Object.values(TABLES[name]!).flatMap((table) => Object.entries(table))
    const wrong = rows.filter(([option, row]) => {
      const found = `${option}: ${defaultOf(row).replace(/ (?:seconds|bytes)$/, '')}`
      return row.default !== undefined && !stated.some((text) => text.split(',')[0] === found)
    })
    expect(wrong.map(([option]) => option)).toEqual([])
  },
)

test('the page of the site has the options of the client too, each with its default', async () => {
  const { SITE_TABLES, cellsOf } = await generator()
  expect(Object.keys(SITE_TABLES)).toEqual([...Object.keys(DECLARED), 'client'])
  const cells = Object.values(SITE_TABLES).flatMap((tables) =>
    Object.values(tables).flatMap(cellsOf),
  )
  expect(cells.length).toBeGreaterThan(100)
  expect(cells.filter((row) => row.some((cell) => /^(?:|undefined)$/.test(cell)))).toEqual([])
})

test('every table is of a package whose declarations are read', async () => {
  const { TABLES } = await generator()
  expect(Object.keys(TABLES)).toEqual(Object.keys(DECLARED))
})
