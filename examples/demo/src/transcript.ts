/** Writes the transcript: headings, values, and the decoded parts of what went over the wire. */
export const transcript = {
  heading: (text: string) => console.log(`\n== ${text}`),
  line: (text: string) => console.log(`   ${text}`),
  value: (name: string, value: unknown) =>
    console.log(
      `   ${name}: ${indent(typeof value === 'string' ? value : JSON.stringify(value, null, 2))}`,
    ),
}

/** Header and claims of a JWT, without any check: good for showing, and for nothing else. */
export function decodeJwt(token: string): {
  header: Record<string, unknown>
  claims: Record<string, unknown>
} {
  const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString())
  return {
    header: JSON.parse(header!) as Record<string, unknown>,
    claims: JSON.parse(claims!) as Record<string, unknown>,
  }
}

/** The beginning of a long text, with its length. */
export function shorten(text: string): string {
  return `${text.slice(0, 40)}… (${text.length} characters)`
}

function indent(text: string): string {
  return text.replaceAll('\n', '\n   ')
}
