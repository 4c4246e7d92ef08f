import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Set where every program that tests run for real must be there, as in the gate. */
const DEMANDED = process.env['VERIFIER_GUARD_DEMAND'] === 'programs'

/** Where a program is, or `undefined`. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/**
 * Describes what needs a program. Where it is not installed, a skipped test names it, or a failing
 * one with `VERIFIER_GUARD_DEMAND=programs`.
 */
export function describeWith(program: string, title: string, suite: (path: string) => void): void {
  const path = findProgram(program)
  if (path !== undefined) return describe(title, () => suite(path))
  const missing = () => {
    throw new Error(`expected the program "${program}", found none: install it`)
  }
  describe(title, () =>
    (DEMANDED ? test : test.skip)(`left out: ${program} is not installed`, missing),
  )
}
