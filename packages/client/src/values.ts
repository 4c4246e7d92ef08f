/** The members of an object that have a value: one without counts as left out. */
export function withValues<Members extends object>(given: Members): Partial<Members> {
  const members = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(members) as Partial<Members>
}
