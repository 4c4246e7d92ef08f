const LONGEST = 200

/**
 * A text of somebody else's, fit for a log line: short, and nothing in it that a terminal or a log
 * viewer obeys.
 */
export function printable(text: string, longest = LONGEST): string {
  return text.slice(0, longest).replace(/[^\x20-\x7e]/g, '?')
}

/**
 * An address as it may appear in a message: query and fragment may hold what is not for logs, and
 * so may a user's part.
 */
export function printableAddress(url: string): string {
  const { origin, pathname } = new URL(url)
  return printable(origin + pathname)
}
