import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TOKEN_SOURCE_ERRORS, TokenSourceError, type TokenSourceErrorCode } from '../src/index.js'

const readme = readFileSync(join(__dirname, '../README.md'), 'utf8')
const codes = Object.keys(TOKEN_SOURCE_ERRORS) as TokenSourceErrorCode[]

describe('the table of errors', () => {
  it('stands in the README, row by row, and nothing else does', () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` *\| (\w+) *\| (yes|no) *\| .+? *\| (.+?) *\|$/gm)]
    const documented = rows.map(([, code, kind, retryable, cure]) => ({
      code,
      kind,
      retryable: retryable === 'yes',
      cure,
    }))
    expect(documented).toEqual(codes.map((code) => ({ code, ...TOKEN_SOURCE_ERRORS[code] })))
  })

  it.each(codes)('gives %s its kind', (code) => {
    const error = new TokenSourceError(code, 'expected one thing, found another')
    const { kind, retryable } = TOKEN_SOURCE_ERRORS[code]
    expect(error).toMatchObject({ name: 'TokenSourceError', code, kind, retryable })
    expect(error.message).toBe('expected one thing, found another')
  })
})

describe('TokenSourceError', () => {
  it('is recognised across two copies of the package', () => {
    let Copy: typeof TokenSourceError | undefined
    jest.isolateModules(() => {
      Copy = jest.requireActual<{ TokenSourceError: typeof TokenSourceError }>(
        '../src/errors.js',
      ).TokenSourceError
    })
    expect(Copy).not.toBe(TokenSourceError)
    expect(new (Copy ?? Error)('closed', 'x') instanceof TokenSourceError).toBe(true)
    expect(new Error('x') instanceof TokenSourceError).toBe(false)
    expect((null as unknown) instanceof TokenSourceError).toBe(false)
  })

  it('is no instance of a subclass', () => {
    class OrdersError extends TokenSourceError {}
    expect(new TokenSourceError('closed', 'x') instanceof OrdersError).toBe(false)
    expect(new OrdersError('closed', 'x') instanceof OrdersError).toBe(true)
    expect(new OrdersError('closed', 'x') instanceof TokenSourceError).toBe(true)
  })
})
