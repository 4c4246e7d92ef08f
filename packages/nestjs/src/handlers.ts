/*
 * The handlers of an application: Nest's modules in, every method that Nest calls for a request or
 * a message out, with what our decorators and Nest's say of it.
 */
import { RequestMethod } from '@nestjs/common'
import type { ModulesContainer } from '@nestjs/core'
import { accessByName, accessOf, stated, type Access } from './access.js'
import { methodNames, methodOf } from './methods.js'
import type { NestModule } from './modules.js'

/** What makes Nest call a method; `other` is a decorator of another package. */
export type Call = 'http' | 'graphql' | 'field' | 'ws' | 'rpc' | 'other'

export interface Handler {
  /** `Orders.list` */
  readonly name: string
  /** As a log names it: `GET /orders` for a route. */
  readonly shown: string
  readonly call: Call
  readonly module: NestModule
  readonly type: Type
  readonly method: object
  readonly access: Access
  /** Whether our decorators ask anything, by the method or its class. */
  readonly isDemanding: boolean
}

interface Type {
  readonly name: string
  readonly prototype: object
}

interface Host {
  readonly module: NestModule
  readonly isController: boolean
}

// What Nest's decorators leave behind, by the names that it has in all versions.
const CALLS: readonly (readonly [Call, key: string, isFor: (host: Host, type: Type) => boolean])[] =
  [
    ['http', 'method', ({ isController }) => isController],
    ['rpc', 'microservices:pattern', ({ isController }) => isController],
    ['graphql', 'graphql:resolver_type', ({ isController }) => !isController],
    ['field', 'graphql:resolve_property', ({ isController }) => !isController],
    ['field', 'graphql:resolve_reference', ({ isController }) => !isController],
    ['ws', 'websockets:message_mapping', (_, type) => has('websockets:is_gateway', type)],
  ]

/** Every handler of an application, once for each instance of its class. */
export function handlersOf(modules: ModulesContainer): readonly Handler[] {
  const hosts = new Map<unknown, Host>()
  for (const module of modules.values())
    for (const isController of [true, false]) {
      const wrappers = isController ? module.controllers : module.providers
      for (const { instance } of wrappers.values())
        if (!hosts.has(instance)) hosts.set(instance, { module, isController })
    }
  return [...hosts].flatMap(([instance, host]) => handlersIn(instance, host))
}

function handlersIn(instance: unknown, host: Host): readonly Handler[] {
  const prototype: unknown =
    typeof instance === 'object' && instance !== null && Object.getPrototypeOf(instance)
  if (typeof prototype !== 'object' || prototype === null) return []
  const type: unknown = prototype.constructor
  if (typeof type !== 'function') return []
  return methodNames(prototype)
    .filter((name) => name !== 'constructor')
    .flatMap((name) => handlerOf(type as unknown as Type, name, host) ?? [])
}

function handlerOf(type: Type, name: string | symbol, host: Host): Handler | undefined {
  const method = methodOf(type.prototype, name) as object
  if (Reflect.getMetadataKeys(method).length === 0) return undefined
  const call = callOf(method, type, host)
  const qualified = `${type.name}.${String(name)}`
  return {
    name: qualified,
    shown: call === 'http' ? routeOf(type, method) : qualified,
    call,
    module: host.module,
    type,
    method,
    access: accessOf(type, method),
    isDemanding: isDemanding(accessByName(type.prototype, name), stated(type)),
  }
}

function callOf(method: object, type: Type, host: Host): Call {
  return CALLS.find(([, key, isFor]) => has(key, method) && isFor(host, type))?.[0] ?? 'other'
}

/** The first path of a route, without the prefix and the version of the application. */
function routeOf(type: Type, method: object): string {
  const paths = [type, method].map((one) => [Reflect.getMetadata('path', one)].flat()[0] as unknown)
  const path = paths
    .flatMap((one) => (typeof one === 'string' ? one.split('/') : []))
    .filter((part) => part !== '')
  return `${RequestMethod[Reflect.getMetadata('method', method) as RequestMethod]} /${path.join('/')}`
}

function isDemanding(own: Access, shared: Access): boolean {
  if (own.requirements.length > 0 || own.open === 'optional') return true
  return own.open !== 'public' && shared.requirements.length > 0
}

function has(key: string, subject: object): boolean {
  return Reflect.hasMetadata(key, subject)
}
