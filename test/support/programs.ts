import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const demanded = (process.env['VERIFIER_GUARD_DEMAND'] ?? '').split(',')

/**
 * Whether a program that a test runs for real is installed. A suite whose program is absent is left
 * out, by its name; with `VERIFIER_GUARD_DEMAND=prometheus,…` it fails instead.
 */
export function program(name: string): boolean {
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (!found && demanded.includes(name))
    throw new Error(`expected the program "${name}", which VERIFIER_GUARD_DEMAND names; found none`)
  return found
}
