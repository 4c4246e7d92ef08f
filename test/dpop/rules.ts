/*
 * What becomes of a request, by RFC 9449 §7 and RFC 8705 §3: the first line that fits. The
 * documents show these lines as they are.
 */

export const MODES = ['allowed', 'required', 'disabled'] as const
export const CONFIRMATIONS = ['none', 'jkt', 'x5t#S256', 'both', 'unknown'] as const
export const SCHEMES = ['Bearer', 'DPoP'] as const
export const PROOFS = ['no', 'good', 'of another key', 'used'] as const
export const CERTIFICATES = ['no', 'good', 'of another client', 'malformed'] as const

/** One request, by what matters of it. */
export interface Presentation {
  readonly mode: (typeof MODES)[number]
  readonly scheme: (typeof SCHEMES)[number]
  readonly confirmation: (typeof CONFIRMATIONS)[number]
  readonly proof: (typeof PROOFS)[number]
  readonly certificate: (typeof CERTIFICATES)[number]
}

/** Mode, scheme, what the token is bound to, proof, certificate, answer. */
export const RULES: readonly (readonly [string, string, string, string, string, string])[] = [
  ['disabled', 'DPoP', 'any', 'any', 'any', '401'],
  ['any', 'any', 'unknown', 'any', 'any', '401 invalid_token'],
  ['required', 'Bearer', 'any', 'any', 'any', '401 invalid_token'],
  ['any', 'Bearer', 'none', 'any', 'any', '200'],
  ['any', 'Bearer', 'jkt', 'any', 'any', '401 invalid_token'],
  ['any', 'Bearer', 'both', 'any', 'any', '401 invalid_token'],
  ['any', 'Bearer', 'x5t#S256', 'any', 'good', '200'],
  ['any', 'Bearer', 'x5t#S256', 'any', 'any', '401 invalid_token'],
  ['any', 'DPoP', 'none', 'any', 'any', '401 invalid_token'],
  ['any', 'DPoP', 'x5t#S256', 'any', 'any', '401 invalid_token'],
  ['any', 'DPoP', 'jkt', 'no', 'any', '401 invalid_dpop_proof'],
  ['any', 'DPoP', 'jkt', 'used', 'any', '401 invalid_dpop_proof'],
  ['any', 'DPoP', 'jkt', 'of another key', 'any', '401 invalid_token'],
  ['any', 'DPoP', 'jkt', 'good', 'any', '200'],
  ['any', 'DPoP', 'both', 'no', 'good', '401 invalid_dpop_proof'],
  ['any', 'DPoP', 'both', 'used', 'good', '401 invalid_dpop_proof'],
  ['any', 'DPoP', 'both', 'good', 'good', '200'],
  ['any', 'DPoP', 'both', 'any', 'any', '401 invalid_token'],
]

/** The answer to a request: its status, and the error in its challenges. */
export function answerTo(presented: Presentation): string {
  const { mode, scheme, confirmation, proof, certificate } = presented
  const facts = [mode, scheme, confirmation, proof, certificate]
  const rule = RULES.find((line) =>
    facts.every((fact, index) => line[index] === 'any' || line[index] === fact),
  )
  return rule!.at(-1)!
}

/** The rules as a table for the documents. */
export function markdown(): string {
  const head = ['Mode', 'Scheme', 'Token bound to', 'Proof', 'Certificate', 'Answer']
  const lines = [head, ...RULES]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  const row = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(' | ')} |`
  return [
    row(head),
    row(
      head.map(() => ''),
      '-',
    ),
    ...RULES.map((line) => row(line)),
  ].join('\n')
}
