/**
 * The console of a development Verifier: a page to issue, mint, explain, watch and break things.
 *
 * @packageDocumentation
 */
export { startConsole } from './start.js'
export type { ConsoleOptions, DevConsole } from './start.js'
export type { Explain, Explained, ExplainedCheck, Held } from './explained.js'
