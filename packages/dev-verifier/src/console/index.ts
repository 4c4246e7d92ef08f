/**
 * The console of a development Verifier: a page to issue, mint, explain, watch and break things.
 *
 * @packageDocumentation
 */
export {
  configuration,
  FLAGS,
  printEvents,
  readFlags,
  shownFlag,
  type Flag,
} from '../command-line.js'
export { apiProfileOf, type ApiProfile } from '../api-profile.js'
export { didKeyOf } from '../did-key.js'
export { keyOfScalar, thumbprint } from '../keys.js'
export { readPower, type WrittenPower } from '../power.js'
export { startConsole } from './start.js'
export type { ConsoleOptions, DevConsole } from './start.js'
export type { Explain, Explained, ExplainedCheck, Held } from './explained.js'
