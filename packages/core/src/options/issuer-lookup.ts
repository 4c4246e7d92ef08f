/* Asks the application for the settings of an issuer, by the `iss` of a token. */
import { Denial } from '../kit/errors.js'
import type { IssuerLookup, IssuerOptions, IssuerSettings } from './options.js'
import { withTimeout, type Runtime } from '../kit/runtime.js'
import { quote } from '../kit/display.js'

/**
 * Makes a lookup whose answers are checked like the configuration, and awaited for a limited time.
 *
 * @param resolve fills in the defaults of an answer
 * @param timeout milliseconds
 * @returns a function that rejects with `keys_unavailable` when there is no answer,
 *   `issuer_not_trusted` for that of another issuer, and `invalid_configuration` for a wrong one
 */
export function issuerLookup(
  lookup: IssuerLookup,
  resolve: (own: IssuerOptions) => IssuerSettings,
  timeout: number,
  runtime: Runtime,
): (issuer: string) => Promise<IssuerSettings | undefined> {
  return async (issuer) => {
    const own = await answerOf(lookup, issuer, timeout, runtime)
    // Databases say null for what they don't have.
    if (own === undefined || own === null) return undefined
    if (own.issuer === issuer) return resolve(own)
    if (typeof own.issuer !== 'string') return resolve(own)
    // A database that compares without case answers so to whatever a caller writes: no fault of the
    // configuration that a token may show.
    throw new Denial('issuer_not_trusted', {
      check: 'issuer',
      expected: `the issuer lookup to answer for ${quote(issuer)}`,
      actual: quote(own.issuer),
      hint: 'the lookup must compare the whole text, upper and lower case included',
    })
  }
}

/** Trouble of the application with its own sources says nothing about the token. */
async function answerOf(lookup: IssuerLookup, issuer: string, timeout: number, runtime: Runtime) {
  try {
    // Asked within a promise: a lookup may throw at once.
    const answer = Promise.resolve(issuer).then(lookup)
    return await withTimeout(runtime, answer, timeout, () => {
      throw new Error(`no answer within ${timeout} ms`)
    })
  } catch (cause) {
    const actual = `an error of the type ${cause instanceof Error ? cause.name : typeof cause}`
    const hint =
      'the token was not decided on; the "cause" of the "denied" event says what went wrong'
    const reason = {
      check: 'issuer',
      expected: `the issuer lookup to answer for ${quote(issuer)}`,
      actual,
      hint,
    }
    throw new Denial('keys_unavailable', reason, { cause })
  }
}
