/**
 * An absolute address, or `undefined` for anything else.
 *
 * Not by `URL.canParse`: once Node.js 20 has compiled it, it says no to every text with a letter
 * such as `ü`.
 */
export function readUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
