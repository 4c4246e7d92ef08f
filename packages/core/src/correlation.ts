/*
 * What joins an answer, its event and the lines of other logs. A request in, a short id out.
 */
import type { RequestInfo } from './exchange.js'
import type { CorrelationId } from './options/options.js'
import { fieldOf } from './presented/request.js'

/** What stands in logs and answers as it is: no white space, no quotes, no markup. */
const ID = /^[\w.:/+=@~-]{1,128}$/
/** Version, trace, span and flags: https://www.w3.org/TR/trace-context/#traceparent-header. */
const TRACEPARENT =
  /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/

/**
 * The id that a request brings along.
 *
 * @returns `undefined` where it brings none, or one that is too long or has other characters
 */
export function correlationIdOf(option: CorrelationId, info: RequestInfo): string | undefined {
  const stated = statedBy(option, info)
  return typeof stated === 'string' && ID.test(stated) ? stated : undefined
}

function statedBy(option: CorrelationId, { request, own = request }: RequestInfo): unknown {
  if (typeof option === 'boolean' || own === undefined) return undefined
  if (typeof option === 'function') return attempt(() => option(own as never))
  const field = request && fieldOf(request, option.toLowerCase())
  if (option.toLowerCase() !== 'traceparent') return field
  return typeof field === 'string' ? TRACEPARENT.exec(field)?.[1] : undefined
}

/** A refusal must not become a fault because its id can't be read. */
function attempt(work: () => unknown): unknown {
  try {
    return work()
  } catch {
    return undefined
  }
}
