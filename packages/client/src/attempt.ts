/** What the work returns, or `undefined` if it throws: for decoders that throw at a bad text. */
export function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
