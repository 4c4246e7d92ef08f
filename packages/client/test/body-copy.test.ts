import { recordBody } from '../src/body-copy.js'

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString()

describe('a copy of a body', () => {
  it('is whole once the body has ended', () => {
    const copy = recordBody()
    copy.add(Buffer.from('te'))
    copy.add('xt')
    expect(copy.bytes()).toBeUndefined()
    copy.end()
    expect(text(copy.bytes())).toBe('text')
  })

  it('stays as it is when memory is used again', () => {
    const copy = recordBody()
    const memory = Buffer.from('te')
    copy.add(memory)
    memory.write('xt')
    copy.add(memory)
    copy.end()
    expect(text(copy.bytes())).toBe('text')
  })

  it.each([
    ['a view of two bytes each', (all: ArrayBuffer) => new Uint16Array(all, 2, 1)],
    ['a DataView', (all: ArrayBuffer) => new DataView(all, 2, 2)],
    ['a Buffer', (all: ArrayBuffer) => Buffer.from(all, 2, 2)],
  ])('holds the bytes behind %s, and no others', (_, viewOf) => {
    const { buffer } = Uint8Array.from(Buffer.from('a text!'))
    const copy = recordBody()
    copy.add(viewOf(buffer))
    copy.end()
    expect(text(copy.bytes())).toBe('te')
  })

  it.each([
    ['is too large', Buffer.alloc(1_048_577)],
    ['is no part of a body', { not: 'bytes' }],
  ])('there is none if a part %s', (_, chunk) => {
    const copy = recordBody()
    expect(copy.add(Buffer.from('text'))).toBe(true)
    expect(copy.add(chunk)).toBe(false)
    copy.end()
    expect(copy.bytes()).toBeUndefined()
  })
})
