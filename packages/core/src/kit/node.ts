/*
 * Node's own modules; `undefined` on other runtimes. Here alone, so that no other declaration names
 * their types: applications may lack `@types/node`.
 */
import { builtinModule } from './runtime.js'

export const nodeBuffer = builtinModule<typeof import('node:buffer')>('node:buffer')
export const nodeCrypto = builtinModule<typeof import('node:crypto')>('node:crypto')
export const nodeDiagnostics = builtinModule<typeof import('node:diagnostics_channel')>(
  'node:diagnostics_channel',
)
