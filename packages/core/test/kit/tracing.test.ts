import { tracingChannel } from 'node:diagnostics_channel'
import { createTrace } from '../../src/kit/tracing.js'

const channel = tracingChannel<object>('verifier-guard:some-work')
const trace = createTrace('some-work')

/** What subscribers get while work runs, name by name. */
async function published(work: () => unknown): Promise<readonly string[]> {
  const messages: string[] = []
  const note = (name: string) => (message: object) =>
    void messages.push(`${name} ${JSON.stringify({ ...message, ...errorOf(message) })}`)
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  }
  channel.subscribe(subscribers)
  try {
    await trace.run(() => ({ about: 'it' }), work)
  } catch {
    messages.push('threw')
  } finally {
    channel.unsubscribe(subscribers)
  }
  return messages
}

function errorOf(message: object) {
  return 'error' in message && { error: (message.error as Error).message }
}

const IT = '{"about":"it"}'
const FAILED = '{"about":"it","error":"failed"}'

test.each([
  ['at once', () => 1, [`start ${IT}`, `end ${IT}`, `asyncStart ${IT}`, `asyncEnd ${IT}`]],
  [
    'later',
    () => Promise.resolve(1),
    [`start ${IT}`, `end ${IT}`, `asyncStart ${IT}`, `asyncEnd ${IT}`],
  ],
  [
    'by throwing',
    () => {
      throw new Error('failed')
    },
    [
      `start ${IT}`,
      `error ${FAILED}`,
      `end ${FAILED}`,
      `asyncStart ${FAILED}`,
      `asyncEnd ${FAILED}`,
      'threw',
    ],
  ],
  [
    'by rejecting',
    () => Promise.reject(new Error('failed')),
    [
      `start ${IT}`,
      `end ${IT}`,
      `error ${FAILED}`,
      `asyncStart ${FAILED}`,
      `asyncEnd ${FAILED}`,
      'threw',
    ],
  ],
])('work that ends %s is published from start to end', async (_, work, expected) => {
  expect(await published(work)).toEqual(expected)
})

test('what the work gives is what comes back, at once where it can', async () => {
  const subscribers = { start() {} }
  channel.subscribe(subscribers as never)
  expect(
    trace.run(
      () => ({}),
      () => 1,
    ),
  ).toBe(1)
  await expect(
    trace.run(
      () => ({}),
      () => Promise.resolve(2),
    ),
  ).resolves.toBe(2)
  channel.unsubscribe(subscribers as never)
})

test('tells whether anybody listens', () => {
  const subscribers = { asyncEnd() {} }
  expect(trace.isHeard()).toBe(false)
  channel.subscribe(subscribers as never)
  expect(trace.isHeard()).toBe(true)
  channel.unsubscribe(subscribers as never)
  expect(trace.isHeard()).toBe(false)
})

test('without subscribers, nothing is made to be published', () => {
  const contextOf = jest.fn(() => ({}))
  expect(trace.run(contextOf, () => 1)).toBe(1)
  expect(contextOf).not.toHaveBeenCalled()
})
