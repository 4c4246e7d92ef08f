import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OPTIONS, type OptionName } from '../src/option-table.js'

const read = (file: string) => readFileSync(join(__dirname, '..', file), 'utf8')
const names = Object.keys(OPTIONS) as OptionName[]
/** Words, however they are wrapped and aligned. */
const words = (text: string) => text.replace(/\s+/g, ' ').trim()

/** What holds where an option is left out, in the words of the README. */
function defaultOf(name: OptionName): string {
  const { default: value, fallback = 'required' } = OPTIONS[name]
  return value === undefined ? fallback : `\`${String(value)}\``
}

/** The comments before the members of the types, by member. */
function comments(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  const source = read('src/options.ts') + read('src/parameters.ts')
  for (const [, comment = '', name = ''] of source.matchAll(
    /\/\*\*((?:(?!\*\/)[^])*)\*\/\s+readonly (\w+)\??:/g,
  ))
    found.set(name, [...(found.get(name) ?? []), words(comment.replace(/^\s*\* ?/gm, ' '))])
  return found
}

describe('the table of options', () => {
  it('stands in the README, row by row, and nothing else does', () => {
    const [, section = ''] = /^### Options$([^]*?)^###? /m.exec(read('README.md')) ?? []
    const rows = section.split('\n').filter((line) => line.startsWith('| `'))
    const documented = rows.map((row) =>
      row
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map(words),
    )
    expect(documented).toEqual(
      names.map((name) => [
        `\`${name}\``,
        defaultOf(name),
        OPTIONS[name].unit ?? '',
        OPTIONS[name].says,
      ]),
    )
  })

  it.each(names)('says of %s what its type says', (name) => {
    const { says, unit, default: value } = OPTIONS[name]
    const comment = comments().get(name) ?? []
    const plain = (text: string) => text.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    expect(comment.map(plain).join(' ')).toContain(says)
    if (unit === 'seconds') expect(comment.join(' ')).toContain('Seconds.')
    if (value !== undefined) expect(comment.join(' ')).toContain(`Default: ${String(value)}.`)
  })

  it('knows the default of everything that may be left out', () => {
    const silent = names.filter((name) => {
      const { required, default: value, fallback } = OPTIONS[name]
      return required === undefined && value === undefined && fallback === undefined
    })
    expect(silent).toEqual([])
  })
})
