/* The methods of a class, its own and those that it inherits. */

/** A class's prototype and those it extends, nearest first. */
export function prototypesOf(prototype: object): readonly object[] {
  const next = Object.getPrototypeOf(prototype) as object | null
  return next === null ? [] : [prototype, ...prototypesOf(next)]
}

/** The names of all methods of a class, its own and inherited. */
export function methodNames(prototype: object): readonly (string | symbol)[] {
  const names = prototypesOf(prototype).flatMap((one) => Reflect.ownKeys(one))
  return [...new Set(names)].filter((name) => typeof methodOf(prototype, name) === 'function')
}

/** The function that a class has under a name. Getters are left alone. */
export function methodOf(prototype: object, name: string | symbol): unknown {
  const owner = prototypesOf(prototype).find((one) => Object.hasOwn(one, name))
  return owner && Object.getOwnPropertyDescriptor(owner, name)?.value
}

const known = new WeakMap<object, WeakMap<object, readonly (string | symbol)[]>>()

/**
 * The names under which a class has a handler.
 *
 * @param speaks whether our decorators stand on the handler itself. One without, which other code
 *   put on an instance, has to meet what every method of its class asks, unless its name tells
 *   which one it is
 */
export function namesOf(
  prototype: object,
  handler: object,
  speaks: boolean,
): readonly (string | symbol)[] {
  const handlers = known.get(prototype) ?? new WeakMap<object, readonly (string | symbol)[]>()
  const names = handlers.get(handler) ?? search(prototype, handler, speaks)
  known.set(prototype, handlers.set(handler, names))
  return names
}

function search(
  prototype: object,
  handler: { readonly name?: string },
  speaks: boolean,
): readonly (string | symbol)[] {
  const all = methodNames(prototype)
  const same = all.filter((name) => methodOf(prototype, name) === handler)
  if (same.length > 0) return same
  const called = all.filter((name) => name === handler.name)
  return called.length > 0 || speaks ? called : all
}
