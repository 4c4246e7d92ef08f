import { clientRuntime } from '../src/index.js'

describe('a pause', () => {
  beforeEach(() => void jest.useFakeTimers())
  afterEach(() => void jest.useRealTimers())

  it('lasts as long as its delay', async () => {
    const rested = jest.fn()
    const pause = clientRuntime.sleep(2_000, new AbortController().signal).then(rested)
    await jest.advanceTimersByTimeAsync(1_999)
    expect(rested).not.toHaveBeenCalled()
    await jest.advanceTimersByTimeAsync(1)
    await pause
    expect(rested).toHaveBeenCalledTimes(1)
  })

  it.each(['before', 'while'])(
    'holds no process that closes its source %s it lasts',
    async (when) => {
      const controller = new AbortController()
      if (when === 'before') controller.abort()
      const pause = clientRuntime.sleep(2_000, controller.signal)
      controller.abort()
      await pause
      expect(jest.getTimerCount()).toBe(0)
    },
  )
})
