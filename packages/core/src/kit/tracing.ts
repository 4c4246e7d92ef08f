/*
 * Publishes the start and the end of work on a tracing channel of Node's `diagnostics_channel`:
 * durations, for whoever subscribes. Costs a look at a flag while no one does.
 */
import type { Later } from './later.js'
import { builtinModule } from './runtime.js'

/** What is published: its members are filled in until the end. */
export type TraceContext = Record<string, unknown>

/** Runs work, and publishes its start and end. */
export interface Trace {
  readonly isHeard: boolean
  /** @param context made only where somebody listens; `error` is set by what the work throws */
  run<T>(context: TraceContext, work: () => Later<T>): Later<T>
}

/**
 * Makes the trace of one kind of work, on the channel `tracing:verifier-guard:<name>:start` and its
 * like (`end`, `asyncStart`, `asyncEnd`, `error`).
 */
export function createTrace(name: string): Trace {
  const channel = builtinModule('node:diagnostics_channel')?.tracingChannel<TraceContext>(
    `verifier-guard:${name}`,
  )
  return {
    get isHeard() {
      return channel?.hasSubscribers === true
    },
    run(context, work) {
      if (channel?.hasSubscribers !== true) return work()
      const failed = (error: unknown): never => {
        context['error'] = error
        channel.error.publish(context)
        throw error
      }
      return channel.start.runStores(context, () => {
        try {
          const result = work()
          if (!(result instanceof Promise)) return result
          const ended = () => {
            channel.asyncStart.publish(context)
            channel.asyncEnd.publish(context)
          }
          return result.catch(failed).finally(ended)
        } catch (error) {
          return failed(error)
        } finally {
          channel.end.publish(context)
        }
      })
    },
  }
}
