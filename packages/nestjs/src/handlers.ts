import { accessByName, stated, type Access } from './access.js'
import { methodNames, methodOf } from './methods.js'

/**
 * A method that Nest calls for somebody outside, and for which decorators of ours ask something.
 */
export interface Handler {
  readonly name: string
  readonly type: object
  readonly method: object
}

/**
 * The handlers of a controller or a provider that ask something, by themselves or by their class.
 */
export function demandingHandlers(instance: unknown): readonly Handler[] {
  if (typeof instance !== 'object' || instance === null) return []
  const prototype = Object.getPrototypeOf(instance) as object | null
  const type = prototype?.constructor
  if (prototype === null || typeof type !== 'function') return []
  return methodNames(prototype)
    .filter(
      (name) => name !== 'constructor' && isDemanding(accessByName(prototype, name), stated(type)),
    )
    .map((name) => ({
      name: `${type.name}.${String(name)}`,
      type,
      method: methodOf(prototype, name) as object,
    }))
    .filter(({ method }) => Reflect.getMetadataKeys(method).length > 0)
}

function isDemanding(own: Access, shared: Access): boolean {
  if (own.requirements.length > 0 || own.open === 'optional') return true
  return own.open !== 'public' && shared.requirements.length > 0
}
