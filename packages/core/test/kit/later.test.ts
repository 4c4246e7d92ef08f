import { promised } from '../../src/kit/later.js'

test.each([
  ['at once', () => 1],
  ['later', () => Promise.resolve(1)],
])('a promise of work that answers %s resolves', async (_, work) => {
  await expect(promised(work)).resolves.toBe(1)
})

test.each([
  [
    'throws',
    () => {
      throw new Error('failed')
    },
  ],
  ['rejects', () => Promise.reject(new Error('failed'))],
])('a promise of work that %s rejects, and nothing is thrown', async (_, work) => {
  await expect(promised(work)).rejects.toThrow('failed')
})
