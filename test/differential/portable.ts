/**
 * Loads modules anew as a runtime without Node's built-in modules would: what they then use is
 * WebCrypto.
 */
export async function portably<Module>(load: () => Promise<Module>): Promise<Module> {
  const host: { getBuiltinModule?: unknown } = process
  const original = host.getBuiltinModule
  let loaded: Module | undefined
  host.getBuiltinModule = undefined
  try {
    await jest.isolateModulesAsync(async () => {
      loaded = await load()
    })
  } finally {
    host.getBuiltinModule = original
  }
  return loaded!
}
