import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EVENT_NAMES } from '../src/events.js'
import { OPTIONS, type OptionRow } from '../src/option-table.js'

const read = (file: string) => readFileSync(join(__dirname, '..', file), 'utf8')
const rows = Object.entries<OptionRow>(OPTIONS)
const defaultOf = ({ default: value, defaultIs }: OptionRow) =>
  defaultIs ?? (typeof value === 'string' ? `\`${value}\`` : String(value))

/** The rows of the README's table under a heading. */
function table(heading: string): string[][] {
  const [section] = read('README.md').split(`## ${heading}\n`)[1]!.split('\n## ')
  return section!
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | *\|?$/g, '')))
}

/** The default that the TSDoc of each option states. */
function documentedDefaults(): Record<string, string> {
  const member = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}readonly (\w+)\?:/g
  return Object.fromEntries(
    [...read('src/options.ts').matchAll(member)].map(([, doc, name]) => {
      const sentence = doc!.replace(/\s*\n\s*\* ?/g, ' ').trim()
      return [name!, /Default: (.*)\.$/.exec(sentence)?.[1] ?? 'not stated']
    }),
  )
}

describe('the option table', () => {
  test("stands beside the README's table of all events", () => {
    expect(table('Events').map(([name]) => name)).toEqual(EVENT_NAMES.map((name) => `\`${name}\``))
  })

  test('has the defaults that the TSDoc of the options states', () => {
    const expected = Object.fromEntries(rows.map(([name, row]) => [name, defaultOf(row)]))
    expect(documentedDefaults()).toEqual(expected)
  })

  test.each(rows)('has one default and a short sentence for %s', (_, row) => {
    expect([row.default, row.defaultIs].filter((value) => value !== undefined)).toHaveLength(1)
    expect(row.says.length).toBeLessThanOrEqual(200)
  })

  test.each(rows.filter(([, row]) => row.default !== undefined))(
    'has a default for %s that passes its own check',
    (name, row) => {
      expect(() => row.check(name, row.default)).not.toThrow()
    },
  )
})
