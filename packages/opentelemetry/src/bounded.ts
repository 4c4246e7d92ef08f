/*
 * Keeps an attribute's values few and short, whatever an application names its routes and
 * requirements. Each set of values is a time series of its own, for as long as the process lives.
 */

/** The value in place of any other. */
export const OTHER = 'other'

const MAX_LENGTH = 200

/**
 * Makes a bound for the values of one attribute.
 *
 * @param most distinct values that pass; any further one becomes `other`
 */
export function bounded(most: number): (value: string) => string {
  const values = new Set<string>()
  return (value) => {
    if (values.has(value)) return value
    if (values.size >= most || value.length > MAX_LENGTH) return OTHER
    values.add(value)
    return value
  }
}
