import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EVENT_NAMES } from '../src/events.js'
import { OPTIONS, sentences, type OptionRow } from '../src/option-table.js'

const read = (file: string) => readFileSync(join(__dirname, '..', file), 'utf8')
const rows = Object.entries<OptionRow>(OPTIONS)
const defaultOf = ({ default: value, defaultText }: OptionRow) => defaultText ?? `\`${value}\``

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
  test("is the README's: names, defaults, units and sentences", () => {
    expect(table('Options')).toEqual(
      rows.map(([name, row]) => [`\`${name}\``, defaultOf(row), sentences(row)]),
    )
  })

  test('stands beside a table of all events', () => {
    expect(table('Events').map(([name]) => name)).toEqual(EVENT_NAMES.map((name) => `\`${name}\``))
  })

  test('has the defaults that the TSDoc of the options states', () => {
    const expected = Object.fromEntries(rows.map(([name, row]) => [name, defaultOf(row)]))
    expect(documentedDefaults()).toEqual(expected)
  })

  test.each(rows)('has one default and a short sentence for %s', (_, row) => {
    expect([row.default, row.defaultText].filter((value) => value !== undefined)).toHaveLength(1)
    expect(sentences(row).length).toBeLessThanOrEqual(200)
  })

  test.each(rows.filter(([, row]) => row.default !== undefined))(
    'has a default for %s that passes its own check',
    (name, row) => {
      expect(() => row.check(name, row.default)).not.toThrow()
    },
  )
})
