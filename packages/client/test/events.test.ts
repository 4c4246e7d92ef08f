import { emit } from '../src/events.js'
import type { TokenSourceListener } from '../src/index.js'

const event = { type: 'credential_expiring', validUntil: 0 } as const

describe('emit', () => {
  it.each<[string, TokenSourceListener]>([
    [
      'throws',
      () => {
        throw new Error('log is full')
      },
    ],
    ['rejects', () => Promise.reject(new Error('log is away'))],
  ])('swallows what a listener that %s fails with', async (_, listener) => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    expect(() => emit(listener, event)).not.toThrow()
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})
