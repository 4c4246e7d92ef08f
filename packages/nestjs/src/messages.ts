/*
 * Reads the authorization field of a message: Nest's context of any of its transports in, what was
 * sent out.
 */

type Fields = Readonly<Record<string, unknown>>

/** gRPC's `Metadata`, as far as it is read. */
interface Metadata {
  get(name: string): unknown
}

/** The parts of Nest's contexts that hold headers. */
interface Message {
  getHeaders?(): (Partial<Iterable<readonly [string, unknown]>> & Partial<Metadata>) | undefined
  getMessage?(): { readonly headers?: Fields; readonly properties?: { readonly headers?: Fields } }
  getPacket?(): { readonly properties?: { readonly userProperties?: Fields } }
}

const NAME = 'authorization'

/**
 * Every value of the authorization field that a message carries: one by itself, several as a list.
 */
export function fieldsOf(data: unknown, context: unknown): string | readonly string[] | undefined {
  const of = (typeof context === 'object' ? (context ?? {}) : {}) as Message
  const metadata = isMetadata(of) ? of : metadataOf(data)
  // gRPC has the names in lower case already.
  const found = [metadata?.get(NAME) ?? natsOf(of) ?? recordOf(of)].flat()
  const values = found.filter((value) => value !== undefined && value !== null).map(text)
  return values.length > 1 ? values : values[0]
}

/**
 * The metadata of the call that `@GrpcStreamCall()` gets for data. A message holds no functions, so
 * none can pass for a call.
 */
export function metadataOf(data: unknown): Metadata | undefined {
  const { metadata } = (typeof data === 'object' ? (data ?? {}) : {}) as {
    readonly metadata?: unknown
  }
  return isMetadata(metadata) ? metadata : undefined
}

function isMetadata(value: unknown): value is Metadata {
  return (
    typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function'
  )
}

function natsOf(of: Message): unknown {
  const headers = of.getHeaders?.()
  return headers?.[Symbol.iterator] === undefined
    ? headers?.get?.(NAME)
    : named([...(headers as Iterable<[string, unknown]>)])
}

function recordOf(of: Message): unknown {
  const message = of.getMessage?.()
  const fields =
    message?.headers ?? message?.properties?.headers ?? of.getPacket?.().properties?.userProperties
  return named(Object.entries(fields ?? {}))
}

/** Senders choose the spelling of these. */
function named(entries: readonly (readonly [string, unknown])[]): unknown {
  return entries.filter(([name]) => name.toLowerCase() === NAME).flatMap(([, value]) => value)
}

/** Kafka has bytes. What is no text counts as well, as a value without credentials. */
function text(value: unknown): string {
  const decoded = value instanceof Uint8Array ? new TextDecoder().decode(value) : value
  return typeof decoded === 'string' ? decoded : ''
}
