/** @throws Error for a name that is none of those known. */
export function requireName(what: string, known: readonly string[], name: string): void {
  if (!known.includes(name)) throw new Error(`Expected ${what} of ${known.join(', ')}; found "${name}".`)
}

/** @throws Error for an option of another name: a typing error must not look like a setting. */
export function refuseUnknown(of: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) requireName(`options of ${of}`, known, name)
}
