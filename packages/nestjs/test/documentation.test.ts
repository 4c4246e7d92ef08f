import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const text = readFileSync(join(__dirname, '../src/decorators.ts'), 'utf8')
const blocks = [...text.matchAll(/\/\*\*\n((?: \*.*\n)+?) \*\/\nexport function (\w+)/g)].map(
  ([, block, name]) => ({ name: name!, block: block!.replaceAll(/^ \* ?/gm, '') }),
)
const demanding = blocks.filter(({ name }) => !['Public', 'OptionalAuth'].includes(name))

test('every decorator is documented', () => {
  expect(blocks.map(({ name }) => name)).toHaveLength(text.match(/^export function/gm)!.length)
  expect(demanding).toHaveLength(7)
})

test.each(demanding)('@$name is documented in the words of the others', ({ block }) => {
  expect(block).toMatch(/^Asks /)
  expect(block).toContain(
    '\nAdds to what other decorators of the class and the method ask: ' +
      'the caller has to meet all of it.\n',
  )
  expect(block).toMatch(/^@param \w+ [^-\n]/m)
  expect(block).toContain('\n@returns a decorator for classes and methods\n')
  expect(block).toMatch(/^@throws \{GuardError\} `invalid_configuration` for /m)
  expect(block).toContain('\n@example\nAs a part of a decorator of your own:\n```ts\n')
})
