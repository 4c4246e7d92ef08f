import fc from 'fast-check'
import { parseObject } from '../../src/kit/json.js'

const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 }))
const isRefused = (text: string) => typeof parseObject(text) === 'string'

/** Characters that decide what is inside a string and what is not. */
const tricky = fc.string({
  unit: fc.constantFrom('"', '\\', ':', ',', '{', '}', '[', ']', 'a', '\u2028'),
})

describe('parseObject', () => {
  test('accepts what JSON.stringify writes of an object, and gives the same value', () => {
    fc.assert(
      fc.property(
        fc.oneof(object, fc.dictionary(tricky, tricky)),
        fc.constantFrom(undefined, ' ', '\t'),
        (value, space) => {
          fc.pre(!JSON.stringify(value).includes('__proto__'))
          const text = JSON.stringify(value, null, space)
          expect(parseObject(text)).toEqual(JSON.parse(text))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('never throws, and whatever it accepts is what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), tricky), (text) => {
        const value = parseObject(text)
        if (typeof value !== 'string') expect(value).toEqual(JSON.parse(text))
      }),
      { numRuns: 1_000 },
    )
  })

  test('RFC 7515 §4, RFC 7519 §4: refuses a name stated twice, wherever, whatever the values, however it is spelled', () => {
    const spelled = (name: string, escaped: boolean) =>
      escaped
        ? `"${[...name.split('')].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`
        : JSON.stringify(name)
    const nesting = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => `{"a":${text}}`,
      (text) => `{"a":[1,${text}]}`,
    )
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), tricky),
        fc.jsonValue({ maxDepth: 1 }),
        fc.jsonValue({ maxDepth: 1 }),
        fc.boolean(),
        nesting,
        (name, one, other, escaped, nested) => {
          fc.pre(name !== '__proto__')
          const [first, second] = [JSON.stringify(one), JSON.stringify(other)]
          fc.pre(!first.includes('__proto__') && !second.includes('__proto__'))
          const text = nested(
            `{${spelled(name, false)}:${first},${spelled(name, escaped)} : ${second}}`,
          )
          expect(parseObject(text)).toBe('an object with a member named twice')
        },
      ),
      { numRuns: 500 },
    )
  })

  test.each([
    'null',
    '[]',
    '"{}"',
    '1',
    'true',
    '',
    '{',
    '{}{}',
    '\uFEFF{}',
    '{"a":1,}',
    "{'a':1}",
    '{"a":NaN}',
  ])('%j is no object', (text) => {
    expect(isRefused(text)).toBe(true)
  })

  test.each(['{"__proto__":1}', '{"a":[{"__proto__":{}}]}', String.raw`{"\u005f_proto__":1}`])(
    '%j could become a prototype',
    (text) => {
      expect(isRefused(text)).toBe(true)
    },
  )

  test.each([
    ['objects', (depth: number) => '{"a":'.repeat(depth) + '{}' + '}'.repeat(depth)],
    ['lists', (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`],
  ])('%s nest 32 deep and no deeper', (_, nested) => {
    expect(isRefused(nested(32))).toBe(false)
    expect(isRefused(nested(33))).toBe(true)
    expect(isRefused(nested(100_000))).toBe(true)
  })
})
