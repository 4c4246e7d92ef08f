/**
 * Explains what a resource server decides on a token: every check with what was expected, what was
 * found, and the cure.
 *
 * @packageDocumentation
 */
export { explainToken } from './explain.js'
export type {
  Check,
  CheckVerdict,
  ExplainOptions,
  Explanation,
  TokenVerdict,
} from './explanation.js'
export { describeOptions } from './meaning.js'
export type { Meaning } from './meaning.js'
export { recognize } from './recognize.js'
export type { Recognized, TextForm } from './recognize.js'
export { CURES } from './cures.js'
export { WATCH_PATH, watchDecisions } from './watch.js'
export type { WatchRequest, WatchResponse } from './watch.js'
