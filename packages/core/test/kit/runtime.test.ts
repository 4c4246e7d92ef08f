import { builtinModule, systemRuntime } from '../../src/kit/runtime.js'

describe('the runtime of the process', () => {
  test('has a wall clock in milliseconds since 1970 and another that is not', () => {
    expect(new Date(systemRuntime.now()).getUTCFullYear()).toBeGreaterThan(2025)
    expect(systemRuntime.monotonic()).toBeLessThan(Date.parse('2000-01-01'))
  })

  test('calls back once, without keeping the process alive, unless it is called off', async () => {
    const called: string[] = []
    const cancel = systemRuntime.schedule(() => void called.push('never'), 0)
    cancel()
    await new Promise<void>((resolve) => {
      const spy = jest.spyOn(globalThis, 'setTimeout')
      systemRuntime.schedule(() => (called.push('once'), resolve()), 1)
      expect((spy.mock.results[0]!.value as NodeJS.Timeout).hasRef()).toBe(false)
      spy.mockRestore()
      // Something has to keep the process alive meanwhile.
      const alive = setInterval(() => called.length > 0 && clearInterval(alive), 1)
    })
    expect(called).toEqual(['once'])
  })

  test.each([2 ** 31, 90 * 86_400_000, Infinity])(
    'does not call back at once where %d ms are asked for',
    (delay) => {
      const spy = jest.spyOn(globalThis, 'setTimeout')
      systemRuntime.schedule(() => {}, delay)()
      expect(spy.mock.calls[0]![1]).toBe(2 ** 31 - 1)
      spy.mockRestore()
    },
  )

  test('uses the global fetch of the moment, so that mocks and instrumentation are heeded', async () => {
    const spy = jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('mocked'))
    expect(await (await systemRuntime.fetch('https://verifier.example.org')).text()).toBe('mocked')
    spy.mockRestore()
  })

  test('warns as a process does', () => {
    const emitted = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    systemRuntime.warn('look here')
    expect(emitted).toHaveBeenCalledWith('look here', 'VerifierGuardWarning')
    emitted.mockRestore()
  })

  test('knows built-in modules by name, and says so where there are none', () => {
    expect(builtinModule('node:crypto')).toHaveProperty('createPublicKey')
    const asked = jest.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined)
    expect(builtinModule('node:crypto')).toBeUndefined()
    asked.mockRestore()
  })
})
