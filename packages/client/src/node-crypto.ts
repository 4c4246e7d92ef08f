import type * as NodeCrypto from 'node:crypto'

/**
 * `node:crypto`, or `undefined` elsewhere; asked for at run time, so that no bundle holds an import
 * of it.
 */
export function nodeCrypto(): typeof NodeCrypto | undefined {
  const host = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } })
    .process
  return host?.getBuiltinModule?.('node:crypto') as typeof NodeCrypto | undefined
}
