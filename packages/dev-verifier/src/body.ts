/** What was read of a body. */
export interface ReadBody {
  readonly text: string
  /** Whether this is all of it. */
  readonly isWhole: boolean
}

/** Reads a body up to a number of bytes, and cancels the rest of it. */
export async function readUpTo(
  { body }: Pick<Request, 'body'>,
  mostBytes: number,
): Promise<ReadBody> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop cancels the rest.
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    chunks.push(chunk)
    if (size > mostBytes) break
  }
  const text = Buffer.concat(chunks).subarray(0, mostBytes).toString()
  return { text, isWhole: size <= mostBytes }
}
