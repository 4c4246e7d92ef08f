/* What decorators state of classes and methods: who may call them. */
import type { Requirement } from '@verifier-guard/core'
import { namesOf, prototypesOf } from './methods.js'

/** What the decorators of a class or a method say. */
export interface Access {
  /** `public`: no token is looked at. `optional`: an absent one is allowed. */
  readonly open?: 'public' | 'optional' | undefined
  readonly requirements: readonly Requirement<never>[]
}

const key = '@verifier-guard/nestjs/access'
const none: Access = { requirements: [] }

/** A decorator for classes and methods that adds to what others have said. */
export function amend(change: (access: Access) => Access): ClassDecorator & MethodDecorator {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    const subject = (descriptor?.value ?? target) as object
    Reflect.defineMetadata(key, change(stated(subject)), subject)
    // Another decorator may replace the method, but it keeps the name.
    if (name !== undefined)
      Reflect.defineMetadata(key, change(statedOn(target, name)), target, name)
  }
}

/**
 * What holds for a handler: the requirements of its class and its own. A requirement closes what a
 * class or the method itself would open.
 */
export function accessOf(type: { readonly prototype: unknown }, handler: object): Access {
  const shared = stated(type)
  const own = methodAccess(type.prototype as object, handler)
  const open = own.requirements.length > 0 ? undefined : (own.open ?? opened(shared))
  return {
    open,
    requirements: open === 'public' ? [] : [...shared.requirements, ...own.requirements],
  }
}

/**
 * What was said of a method by its name, in a class and those that it extends. Only the nearest of
 * them opens.
 */
export function accessByName(prototype: object, name: string | symbol): Access {
  const chain = prototypesOf(prototype).filter((one) => Object.hasOwn(one, name))
  const requirements = chain.flatMap((one) => statedOn(one, name).requirements)
  return { open: chain[0] && statedOn(chain[0], name).open, requirements }
}

/** What a class says of all its methods, or a function of itself. */
export function stated(subject: object): Access {
  return (Reflect.getMetadata(key, subject) as Access | undefined) ?? none
}

function methodAccess(prototype: object, handler: object): Access {
  const itself = stated(handler)
  const named = namesOf(prototype, handler, itself !== none).map((name) =>
    accessByName(prototype, name),
  )
  const requirements = [itself, ...named].flatMap((access) => access.requirements)
  const open = itself.open ?? (named.length === 1 ? named[0]!.open : undefined)
  return { open, requirements: [...new Set(requirements)] }
}

function opened({ open, requirements }: Access): Access['open'] {
  return requirements.length > 0 ? undefined : open
}

function statedOn(prototype: object, name: string | symbol): Access {
  return (Reflect.getOwnMetadata(key, prototype, name) as Access | undefined) ?? none
}
