import { deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { MAX_LIST_BYTES, statusAt, unpack } from '../../src/status/bits.js'

describe('published lists', () => {
  test('IETF Token Status List §4.2: one bit, least significant first', async () => {
    const bytes = (await unpack('eNrbuRgAAhcBXQ')) as Uint8Array
    expect([...bytes]).toEqual([0xb9, 0xa3])
    const statuses = Array.from({ length: 16 }, (_, index) =>
      statusAt({ bytes, bits: 1, order: 'lsb' }, index),
    )
    expect(statuses).toEqual([1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])
  })

  test('W3C Bitstring Status List 1.0, example: 131 072 valid credentials', async () => {
    const list = 'uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA'
    expect(await unpack(list)).toEqual(new Uint8Array(16_384))
  })
})

describe('statusAt', () => {
  test('both orders, one bit', () => {
    const bytes = Uint8Array.of(0b1000_0000, 0b0000_0001)
    const set = (order: 'msb' | 'lsb') =>
      Array.from({ length: 16 }, (_, index) => statusAt({ bytes, bits: 1, order }, index)).flatMap(
        (status, index) => (status ? [index] : []),
      )
    expect(set('msb')).toEqual([0, 15])
    expect(set('lsb')).toEqual([7, 8])
  })

  test.each([1, 2, 4, 8] as const)('what was written is read, %i bits each', (bits) => {
    const statuses = fc
      .array(fc.nat(2 ** bits - 1), { minLength: 8, maxLength: 64 })
      .map((all) => all.slice(0, all.length - (all.length % 8)))
    fc.assert(
      fc.property(statuses, fc.constantFrom('msb', 'lsb'), (all, order) => {
        const perByte = 8 / bits
        const bytes = Uint8Array.from({ length: all.length / perByte }, (_, index) => {
          const group = all
            .slice(index * perByte, (index + 1) * perByte)
            .map((status) => status.toString(2).padStart(bits, '0'))
          return Number.parseInt((order === 'msb' ? group : group.reverse()).join(''), 2)
        })
        expect(all.map((_, index) => statusAt({ bytes, bits, order }, index))).toEqual(all)
        expect(statusAt({ bytes, bits, order }, all.length)).toBeUndefined()
      }),
    )
  })
})

describe('unpack', () => {
  test('whatever was packed, either way, with prefix and padding or without', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 500 }),
        fc.constantFrom(gzipSync, deflateSync),
        fc.constantFrom('', 'u'),
        async (bytes, pack, prefix) => {
          const packed = pack(bytes)
          expect(await unpack(prefix + packed.toString('base64url'))).toEqual(bytes)
          const padded = packed.toString('base64').replaceAll('+', '-').replaceAll('/', '_')
          expect(await unpack(prefix + padded)).toEqual(bytes)
        },
      ),
    )
  })

  test('a list of the largest size passes, and one byte more does not', async () => {
    const list = (size: number) => gzipSync(Buffer.alloc(size)).toString('base64url')
    expect((await unpack(list(MAX_LIST_BYTES))).length).toBe(MAX_LIST_BYTES)
    expect(await unpack(list(MAX_LIST_BYTES + 1))).toMatch(/more than 1048576 bytes/)
  })

  test('a bomb is stopped in time', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * MAX_LIST_BYTES)).toString('base64url')
    expect(await unpack(bomb)).toMatch(/more than/)
  })

  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /no list/],
    ['a number', 7, /no list/],
    ['an empty text', '', /neither/],
    ['standard base64', 'H4sI+/==', /not base64url/],
    ['bytes that are not compressed', Buffer.from('plain bytes').toString('base64url'), /neither/],
    [
      'gzip that breaks off',
      gzipSync(Buffer.alloc(99)).subarray(0, 20).toString('base64url'),
      /broken/,
    ],
    ['gzip with a wrong checksum', corrupted(gzipSync(Buffer.from('list'))), /broken/],
  ])('%s', async (_, encoded, found) => {
    expect(await unpack(encoded)).toMatch(found)
  })

  test('no text makes it throw', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.anything(),
          fc.base64String(),
          fc.string().map((text) => `H4sI${text}`),
        ),
        async (encoded) => {
          expect(['string', 'object']).toContain(typeof (await unpack(encoded)))
        },
      ),
    )
  })
})

function corrupted(packed: Buffer): string {
  packed[packed.length - 8]! ^= 1
  return packed.toString('base64url')
}
