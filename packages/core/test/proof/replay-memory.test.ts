import { createReplayMemory } from '../../src/proof/replay-memory.js'

function createMemory(maxEntries: number) {
  let now = 0
  const filling: unknown[] = []
  const emitter = {
    listens: () => true,
    emit: (_: string, event: unknown) => void filling.push(event),
  }
  const memory = createReplayMemory(maxEntries, { monotonic: () => now * 1_000 }, emitter)
  return { memory, filling, pass: (seconds: number) => void (now += seconds) }
}

describe('the memory of used proofs', () => {
  test('finds a key for as long as it was to stay, and not much longer', () => {
    const { memory, pass } = createMemory(10)
    expect(memory.add('a', 70, 'owner')).toBe('added')
    for (const seconds of [1, 40, 29]) {
      pass(seconds)
      expect(memory.add('a', 70, 'owner')).toBe('present')
    }
    pass(2)
    expect(memory.add('a', 70, 'owner')).toBe('added')
  })

  test('a key that is to stay for a part of a second stays for all of it', () => {
    const { memory, pass } = createMemory(10)
    memory.add('a', 0.5, 'owner')
    pass(0.5)
    expect(memory.add('a', 0.5, 'owner')).toBe('present')
  })

  test('forgets nothing to make room: it is full', () => {
    const { memory, pass } = createMemory(4)
    for (const [index, owner] of ['a', 'b', 'c', 'd'].entries())
      expect(memory.add(`${index}`, 60, owner)).toBe('added')
    expect(memory.add('more', 60, 'e')).toBe('full')
    expect(memory.add('0', 60, 'a')).toBe('present')
    pass(62)
    expect(memory.add('more', 60, 'e')).toBe('added')
  })

  test('one owner takes half of what is free, and others find room', () => {
    const { memory } = createMemory(100)
    const fill = (owner: string) => {
      let taken = 0
      while (memory.add(`${owner}${taken}`, 60, owner) === 'added') taken += 1
      return taken
    }
    expect(fill('busy')).toBe(50)
    expect(memory.add('new', 60, 'other')).toBe('added')
    expect(fill('second')).toBeGreaterThan(20)
    expect(memory.add('new', 60, 'third')).toBe('present')
    expect(memory.add('newer', 60, 'third')).toBe('added')
  })

  test('says once that it fills, and again after it has emptied', () => {
    const { memory, filling, pass } = createMemory(10)
    const fill = (round: string) => {
      for (let index = 0; index < 9; index += 1) memory.add(`${round}${index}`, 10, `${index}`)
    }
    fill('one')
    expect(filling).toEqual([{ entries: 8, maxEntries: 10 }])
    pass(20)
    fill('two')
    expect(filling).toHaveLength(2)
  })
})
