import { copyBytes } from './bytes.js'

/** A larger body is not kept for a second time: it would take its space twice. Bytes. */
const MAX_BYTES = 1_048_576

/**
 * A copy of a body that is read while it is sent, so that it can be sent again. Bodies of up to
 * 1 MiB.
 */
export interface BodyCopy {
  /** The whole body, or `undefined` while it is not read to its end, and if it is too large. */
  readonly bytes: () => Uint8Array<ArrayBuffer> | undefined
}

/** Copies what passes through. */
export async function* copying(
  body: AsyncIterable<unknown>,
  copy: BodyRecorder,
): AsyncGenerator<unknown> {
  for await (const chunk of body) {
    copy.add(chunk)
    yield chunk
  }
  copy.end()
}

/** Reads a branch of a body, and stops once it is too large. */
export function copyOf(branch: ReadableStream<Uint8Array>): BodyCopy {
  const copy = recordBody()
  void read(branch, copy).catch(() => {
    // The other branch fails alike, and the caller hears of it there.
  })
  return copy
}

async function read(branch: ReadableStream<Uint8Array>, copy: BodyRecorder): Promise<void> {
  const reader = branch.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return copy.end()
    if (!copy.add(value)) return reader.cancel()
  }
}

/** What a copy is made with. */
export interface BodyRecorder extends BodyCopy {
  /** Returns whether there is room for more. */
  readonly add: (chunk: unknown) => boolean
  readonly end: () => void
}

/** An empty copy. */
export function recordBody(): BodyRecorder {
  let chunks: Uint8Array[] = []
  let size = 0
  let complete = false
  return {
    add(chunk) {
      const bytes = bytesOf(chunk)
      size += bytes?.byteLength ?? Infinity
      if (bytes && size <= MAX_BYTES) chunks.push(bytes)
      else chunks = []
      return size <= MAX_BYTES
    },
    end: () => void (complete = size <= MAX_BYTES),
    bytes: () => (complete ? join(chunks, size) : undefined),
  }
}

/** A copy: its owner may write over the bytes. `undefined` for what is no part of a body. */
function bytesOf(chunk: unknown): Uint8Array | undefined {
  if (typeof chunk === 'string') return new TextEncoder().encode(chunk)
  return ArrayBuffer.isView(chunk) ? copyBytes(chunk) : undefined
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    all.set(chunk, offset)
    offset += chunk.byteLength
  }
  return all
}
