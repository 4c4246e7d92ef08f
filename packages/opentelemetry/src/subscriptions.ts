/*
 * Subscribes listeners to diagnostics channels, and ends the subscriptions.
 */
import { diag } from '@opentelemetry/api'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** Listeners by the name of their channel. */
export type Listeners = Readonly<Record<string, (message: never) => void>>

/**
 * Subscribes each listener to its channel. A listener that throws would end the process, so what it
 * throws goes to OpenTelemetry's own log.
 *
 * @returns ends the subscriptions
 */
export function subscribeAll(listeners: Listeners): () => void {
  const subscriptions = Object.entries(listeners).map(([name, listener]) => {
    const guarded = (message: unknown) => {
      try {
        listener(message as never)
      } catch (error) {
        diag.error(`@verifier-guard/opentelemetry could not record ${name}`, error)
      }
    }
    subscribe(name, guarded)
    return { name, guarded }
  })
  return () => {
    for (const { name, guarded } of subscriptions) unsubscribe(name, guarded)
  }
}
