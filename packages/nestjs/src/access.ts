import type { ExecutionContext } from '@nestjs/common'
import type { Requirement } from '@verifier-guard/core'

/** What the decorators of a class or a method say. */
export interface Access {
  /** Lets everybody in: without a look at tokens, or those without any. */
  readonly open?: 'public' | 'optional' | undefined
  readonly requirements: readonly Requirement[]
}

const key = '@verifier-guard/nestjs/access'
const none: Access = { requirements: [] }

/** A decorator for classes and methods that adds to what those before it said. */
export function amend(change: (access: Access) => Access): ClassDecorator & MethodDecorator {
  return (target: object, _?: string | symbol, descriptor?: PropertyDescriptor) => {
    const subject = (descriptor?.value ?? target) as object
    Reflect.defineMetadata(key, change(stated(subject)), subject)
  }
}

/** What holds for a call: the class's requirements and the method's; a requirement closes what a class or itself would open. */
export function accessOf(context: ExecutionContext): Access {
  const shared = stated(context.getClass())
  const own = stated(context.getHandler())
  const open = own.requirements.length > 0 ? undefined : (own.open ?? opened(shared))
  return { open, requirements: open === 'public' ? [] : [...shared.requirements, ...own.requirements] }
}

function opened({ open, requirements }: Access): Access['open'] {
  return requirements.length > 0 ? undefined : open
}

function stated(subject: object): Access {
  return (Reflect.getMetadata(key, subject) as Access | undefined) ?? none
}
