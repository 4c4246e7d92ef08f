import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that must be there, by name and separated by commas: the gate installs and demands. */
const demanded = (process.env['VERIFIER_GUARD_DEMAND'] ?? '').split(',')

/** Where a program is, or `undefined`. */
function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/**
 * Describes what needs a program that a machine may lack. Without it a skipped test names it, and a
 * failing one where it is demanded.
 */
export function describeWith(program: string, title: string, suite: (path: string) => void): void {
  const path = findProgram(program)
  if (path !== undefined) return describe(title, () => suite(path))
  const missing = () => {
    throw new Error(`expected the program "${program}", found none: install it`)
  }
  const left = demanded.includes(program) ? test : test.skip
  describe(title, () => left(`left out: ${program} is not installed`, missing))
}
