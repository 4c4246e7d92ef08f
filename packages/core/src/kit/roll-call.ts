/*
 * Lets telemetry ask what is open: a list that is published on a diagnostics channel comes back
 * with the state of each open instance in it. Between two questions it costs nothing.
 */
import { nodeDiagnostics } from './node.js'

/** The open instances of one kind. */
export interface RollCall<State> {
  add(instance: object, state: () => State): void
  remove(instance: object): void
}

/**
 * Makes the roll call of a diagnostics channel. It keeps no instance alive: an application may drop
 * one without closing it.
 *
 * @param name of the channel; a list that is published there gets the states
 */
export function createRollCall<State>(name: string): RollCall<State> {
  const channel = nodeDiagnostics?.channel(name)
  if (channel === undefined) return { add: () => {}, remove: () => {} }
  const states = new WeakMap<object, () => State>()
  const open = new Set<WeakRef<object>>()
  const collected = new FinalizationRegistry<WeakRef<object>>((entry) => open.delete(entry))
  channel.subscribe((list) => {
    for (const entry of open) {
      const instance = entry.deref()
      const state = instance && states.get(instance)
      if (state !== undefined) (list as State[]).push(state())
    }
  })
  return {
    add(instance, state) {
      const entry = new WeakRef(instance)
      states.set(instance, state)
      open.add(entry)
      collected.register(instance, entry)
    },
    remove: (instance) => void states.delete(instance),
  }
}
