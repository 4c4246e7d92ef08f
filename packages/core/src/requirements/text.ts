/* Compares texts of requests with those of tokens. */

/**
 * Compares without the case of ASCII letters, and of those only: by the rules of Unicode the Kelvin
 * sign would pass for a "k".
 */
export function equalsIgnoringCase(one: string, other: string): boolean {
  if (one === other) return true
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index += 1) {
    if (lower(one.charCodeAt(index)) !== lower(other.charCodeAt(index))) return false
  }
  return true
}

function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code
}
