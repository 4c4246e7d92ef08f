import { program } from './support/programs.js'

/**
 * Describes what needs a program, which the suite gets by its name. Where it is not installed, a
 * skipped test names it; where `VERIFIER_GUARD_DEMAND` names it, the suite fails.
 */
export function describeWith(name: string, title: string, suite: (name: string) => void): void {
  if (program(name)) return describe(title, () => suite(name))
  describe(title, () => test.skip(`left out: ${name} is not installed`, () => {}))
}
