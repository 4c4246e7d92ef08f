/** What a misplaced JWT, key or secret looks like; a DID or URL is none. */
const LONG_RUN = /(?<![:/\w+-])[\w+/=-]{40,}/g

/** A value as it may appear in a message: short, on one line, and without secrets. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.replace(LONG_RUN, ({ length }) => `<${length} characters>`).slice(0, 120)
}
