/** One challenge of a `WWW-Authenticate` field: its parameters by lower-case name. */
export type Challenge = Readonly<Record<string, string>>

/**
 * The challenges of an answer by their lower-case scheme (RFC 9110 §11.6.1).
 *
 * @param fields the field, or the list of several.
 * @returns the first challenge of each scheme; none where there is no field.
 */
export function readChallenges(fields: unknown): ReadonlyMap<string, Challenge> {
  const texts = [fields].flat().filter((value) => typeof value === 'string')
  const challenges = new Map<string, Record<string, string>>()
  let current: Record<string, string> = {}
  for (const part of maskQuoted(texts.join(', ')).split(',')) {
    const [, scheme, rest = ''] = /^\s*([\w-]+)(?:\s+(.*)|\s*)$/.exec(part) ?? []
    const isScheme = scheme !== undefined && !rest.startsWith('=')
    if (isScheme) {
      current = {}
      const name = scheme.toLowerCase()
      if (!challenges.has(name)) challenges.set(name, current)
    }
    const [, name, value] = /^\s*([\w-]+)\s*=\s*(\S*)/.exec(isScheme ? rest : part) ?? []
    if (name !== undefined && value !== undefined) current[name.toLowerCase()] ??= value
  }
  return challenges
}

/**
 * Replaces quoted texts, whose commas and words would be taken for challenges. A single word, such
 * as that of an error, stays.
 */
function maskQuoted(text: string): string {
  return text.replace(/"((?:[^"\\]|\\.)*)"/g, (_, quoted: string) =>
    /^\w*$/.test(quoted) ? quoted : '_',
  )
}
