import { builtinModule } from '@verifier-guard/core/support'
import { TokenSourceError } from './errors.js'

/** What subscribers of the tracing channel are told of one token request. */
export interface TokenRequestTrace {
  readonly issuer: string
  /** The code of the failure, once there is one. */
  error?: string
}

const NAME = 'verifier-guard:client:token-request'

/**
 * Publishes start and end of a token request on its tracing channel, if there are subscribers.
 *
 * Not by `tracePromise`, which would hand the token itself to every subscriber.
 */
export async function traced<Result>(issuer: string, work: () => Promise<Result>): Promise<Result> {
  const channel = builtinModule('node:diagnostics_channel')?.tracingChannel?.<TokenRequestTrace>(
    NAME,
  )
  if (!channel?.hasSubscribers) return work()
  const { start, end, asyncStart, asyncEnd, error } = channel
  const trace: TokenRequestTrace = { issuer }
  const finish = () => {
    asyncStart.publish(trace)
    asyncEnd.publish(trace)
  }
  try {
    const result = await start.runStores(trace, () => {
      const running = work()
      end.publish(trace)
      return running
    })
    finish()
    return result
  } catch (failure) {
    trace.error = failure instanceof TokenSourceError ? failure.code : 'unexpected'
    error.publish(trace)
    finish()
    throw failure
  }
}
