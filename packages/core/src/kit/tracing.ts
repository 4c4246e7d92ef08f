/*
 * Publishes the start and the end of work on a tracing channel of Node's `diagnostics_channel`:
 * durations, for subscribers. Costs a look at a flag without any.
 */
import type { Later } from './later.js'
import { nodeDiagnostics } from './node.js'

/** Runs work, and publishes its start and its end. */
export interface Trace {
  /** Whether anybody listens. */
  isHeard(): boolean
  /**
   * @param contextOf makes what subscribers get, with the start and again with the end; called only
   *   for subscribers. What the work throws is added as `error`.
   */
  run<T>(contextOf: () => object, work: () => Later<T>): Later<T>
}

/**
 * Makes the trace of one kind of work. Its events are on the channels
 * `tracing:verifier-guard:<name>:start`, `:end`, `:asyncStart`, `:asyncEnd` and `:error`.
 *
 * Work that ends at once is published like work that takes time, so that `asyncEnd` is always its
 * end. The result is not published, unlike by Node's own `tracePromise`: it may be a token.
 */
export function createTrace(name: string): Trace {
  // Some runtimes have channels, but none for tracing.
  const channel = nodeDiagnostics?.tracingChannel?.<object>(`verifier-guard:${name}`)
  return {
    isHeard: () => channel?.hasSubscribers === true,
    run(contextOf, work) {
      if (channel?.hasSubscribers !== true) return work()
      const context = contextOf()
      const failed = (error: unknown): never => {
        Object.assign(context, { error })
        channel.error.publish(context)
        throw error
      }
      const settled = () => {
        channel.asyncStart.publish(context)
        channel.asyncEnd.publish(context)
      }
      return channel.start.runStores(context, () => {
        let isUnderWay = false
        try {
          const result = work()
          if (!(result instanceof Promise)) return result
          isUnderWay = true
          return result.catch(failed).finally(settled)
        } catch (error) {
          return failed(error)
        } finally {
          channel.end.publish(context)
          if (!isUnderWay) settled()
        }
      })
    },
  }
}
