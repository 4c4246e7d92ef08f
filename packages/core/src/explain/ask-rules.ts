/*
 * The rows of a table of rules one by one, going on after one that fails where that is safe.
 */
import { applyRules, type RuleTable } from '../rules/rule.js'
import type { CheckList } from './explanation.js'

/**
 * Asks every row of a table.
 *
 * @returns false where a row failed that the later ones stand on: those are noted as skipped
 */
export async function askRules<Context>(
  list: CheckList,
  { check, rows }: RuleTable<Context>,
  context: Context,
): Promise<boolean> {
  let failed: string | undefined
  for (const row of rows) {
    const { name, expects, finds, stopsTable } = row
    if (failed !== undefined) {
      list.skip(name, 'claims that can be compared', `nothing to compare: see ${failed}`)
      continue
    }
    const passed = await list.ask(
      name,
      () => (applyRules({ check, rows: [row] }, context), true),
      () => ({ expected: expects(context), found: finds(context) }),
    )
    if (passed === undefined && stopsTable === true) failed = name
  }
  return failed === undefined
}
