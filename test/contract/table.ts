import type { Driver } from './application.js'
import type { Case } from './cases.js'

/** Counts what each driver passed of each rule, and prints it once at the end. */
export function createTable(cases: readonly Case[]) {
  const rules = [...new Set(cases.map(({ rule }) => rule))]
  const counts = new Map<string, Map<string, { run: number; passed: number }>>()

  const cell = ({ name }: Pick<Driver, 'name'>, rule: string) => {
    const row = counts.get(name) ?? new Map<string, { run: number; passed: number }>()
    const count = row.get(rule) ?? { run: 0, passed: 0 }
    counts.set(name, row.set(rule, count))
    return count
  }

  return {
    run: (driver: Driver, { rule }: Case) => void (cell(driver, rule).run += 1),
    pass: (driver: Driver, { rule }: Case) => void (cell(driver, rule).passed += 1),
    /**
     * One line for each driver, one column for each rule; and one for each driver that could not
     * run.
     */
    print(unavailable: readonly Driver[]): void {
      const rows = [...counts].map(([name, row]) => {
        const cells = rules.map((rule) => row.get(rule) ?? { run: 0, passed: 0 })
        const total = cells.reduce((sum, { run, passed }) => ({
          run: sum.run + run,
          passed: sum.passed + passed,
        }))
        return [
          name,
          ...[...cells, total].map(({ run, passed }) => (run === 0 ? '–' : `${passed}/${run}`)),
        ]
      })
      const lines = [['contract', ...rules, 'all'], ...rows]
      const widths = lines[0]!.map((_, column) =>
        Math.max(...lines.map((line) => line[column]!.length)),
      )
      const text = lines.map((line) =>
        line
          .map((entry, column) => entry.padEnd(widths[column]!))
          .join('  ')
          .trimEnd(),
      )
      const left = unavailable.map(({ name, unavailable: reason }) => `${name}: ${reason}`)
      process.stdout.write(`\n${[...text, ...left].join('\n')}\n\n`)
    },
  }
}
