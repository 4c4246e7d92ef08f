/*
 * How the command ends: its exit codes, and the failures that end it early.
 */

/** Exit codes, the same for every command. */
export const EXIT = Object.freeze({
  good: 0,
  /** A token or a request is refused, or the doctor found a fault. */
  refused: 1,
  /** The command line, a file or an option is wrong. */
  usage: 2,
  /** Nothing was decided: the Verifier or its keys are out of reach. */
  unreachable: 3,
})

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends the command with a message for its user. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exit: ExitCode

  constructor(exit: ExitCode, message: string) {
    super(message)
    this.exit = exit
  }
}

/** A fault in what the user gave: what was expected, what was found, what to do. */
export function usageFailure(expected: string, found: string, cure: string): Failure {
  return new Failure(EXIT.usage, `expected ${expected}, found ${found}: ${cure}`)
}
