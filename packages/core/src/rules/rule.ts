/*
 * A rule for a verified token as a row: what it asks, what it finds, and what is wrong. A decision
 * stops at the first fault; an explanation reads every row.
 */
import { Denial, type DenialCheck, type ErrorCode } from '../kit/errors.js'

/** What a rule found wrong. What it leaves out is said by the row itself. */
export interface Fault {
  readonly code: ErrorCode
  readonly expected?: string
  readonly actual?: string
  /** What to do about it, where the likely mistake is known. */
  readonly hint?: string | undefined
}

/** One rule. The texts are made for a fault or an explanation only: a pass costs none. */
export interface Rule<Context> {
  /** Stable, for programs to compare. */
  readonly name: string
  /** What the rule asks of the token, in words. */
  readonly expects: (context: Context) => string
  /** What the token has, in words, with nothing secret or personal. */
  readonly finds: (context: Context) => string
  /** What is wrong, or `undefined` where the token passes. */
  readonly fault: (context: Context) => Fault | undefined
  /** Whether the later rows of its table can't be asked once this one failed. */
  readonly stopsTable?: true
}

/** Rules that are asked together, and what they look at. */
export interface RuleTable<Context> {
  /** The name of these rules in the reason of a denial. */
  readonly check: DenialCheck
  readonly rows: readonly Rule<Context>[]
}

/**
 * Asks the rules of a table, one by one.
 *
 * @throws {Denial} of the first rule that finds a fault
 */
export function applyRules<Context>({ check, rows }: RuleTable<Context>, context: Context): void {
  for (const row of rows) {
    const fault = row.fault(context)
    if (fault !== undefined) throw denialOf(check, row, fault, context)
  }
}

function denialOf<Context>(
  check: DenialCheck,
  { expects, finds }: Rule<Context>,
  { code, expected, actual, hint }: Fault,
  context: Context,
): Denial {
  return new Denial(code, {
    check,
    expected: expected ?? expects(context),
    actual: actual ?? finds(context),
    ...(hint !== undefined && { hint }),
  })
}

/** A time as it stands in reasons. */
export function at(seconds: number): string {
  const date = new Date(seconds * 1_000)
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString()
}
