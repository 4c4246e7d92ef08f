/*
 * Binds requirements to a framework: each function that makes a requirement makes a handler, which
 * can be used as a requirement as well.
 */
import * as requirements from '../requirements/index.js'
import type {
  Caller,
  PowerOptions,
  Requirement,
  Requirements,
  TenantOptions,
  TenantSource,
  Together,
} from '../requirements/index.js'
import { refuseUncalled } from './guard.js'

/**
 * The functions that make requirements. What they make here is a handler of the framework, and can
 * be used as a requirement as well.
 *
 * @typeParam Own the framework's own request, as the functions of an application get to see it
 */
export interface BoundRequirements<Handler, Own> {
  readonly requiredScopes: (
    ...parameters: Parameters<typeof requirements.requiredScopes>
  ) => Handler & Requirement
  // Without a function there is no request to read: such a requirement fits every transport.
  readonly requiredPower: {
    (options: PowerOptions<never> & { readonly domain?: string }): Handler & Requirement
    <R = Own>(options: PowerOptions<R>): Handler & Requirement<R>
  }
  readonly requiredBinding: (
    ...parameters: Parameters<typeof requirements.requiredBinding>
  ) => Handler & Requirement
  readonly requiredClaim: (
    ...parameters: Parameters<typeof requirements.requiredClaim>
  ) => Handler & Requirement
  readonly requiredTenant: {
    (tenant: string, options?: TenantOptions): Handler & Requirement
    <R = Own>(tenant: TenantSource<R>, options?: TenantOptions): Handler & Requirement<R>
  }
  readonly requiredKind: (
    ...parameters: Parameters<typeof requirements.requiredKind>
  ) => Handler & Requirement
  readonly requiredRule: <R = Own>(
    name: string,
    rule: (caller: Caller, request: R) => boolean | Promise<boolean>,
  ) => Handler & Requirement<R>
  readonly requiredStatus: (
    ...parameters: Parameters<typeof requirements.requiredStatus>
  ) => Handler & Requirement
  readonly allOf: <All extends readonly unknown[]>(
    ...requirements: Requirements<All>
  ) => Handler & Requirement<Together<All>>
  readonly anyOf: <All extends readonly unknown[]>(
    ...requirements: Requirements<All>
  ) => Handler & Requirement<Together<All>>
}

const factories = {
  requiredScopes: requirements.requiredScopes,
  requiredPower: requirements.requiredPower,
  requiredBinding: requirements.requiredBinding,
  requiredClaim: requirements.requiredClaim,
  requiredTenant: requirements.requiredTenant,
  requiredKind: requirements.requiredKind,
  requiredRule: requirements.requiredRule,
  requiredStatus: requirements.requiredStatus,
  allOf: requirements.allOf,
  anyOf: requirements.anyOf,
}

/**
 * Turns the functions that make requirements into ones that make a framework's handlers, so that
 * one name serves both on a route and within `allOf` and `anyOf`.
 */
export function bindRequirements<Handler extends object, Own>(
  toHandler: (requirement: Requirement<never>) => Handler,
): BoundRequirements<Handler, Own> {
  const bind = (name: string, factory: (...parameters: never[]) => Requirement) => {
    return (...parameters: never[]) => {
      refuseUncalled(name, parameters[0])
      return asRequirement(toHandler, factory(...parameters))
    }
  }
  return Object.fromEntries(
    Object.entries(factories).map(([name, factory]) => [name, bind(name, factory)]),
  ) as unknown as BoundRequirements<Handler, Own>
}

function asRequirement<Handler extends object>(
  toHandler: (requirement: Requirement<never>) => Handler,
  requirement: Requirement,
): Handler & Requirement {
  const handler = toHandler(requirement)
  // A function's own `name` is read-only: defining it makes the requirement's name show in stack
  // traces.
  for (const [member, value] of Object.entries(requirement))
    Object.defineProperty(handler, member, { value, enumerable: true })
  return handler as Handler & Requirement
}
