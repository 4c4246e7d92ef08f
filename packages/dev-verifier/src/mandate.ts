import type { Jwk } from './keys.js'
import type { Json } from './jwt.js'

/** Who a credential speaks for: a machine or an employee of the mandator. */
export type Kind = 'machine' | 'employee'

/** One power of a mandate. */
export interface Power {
  /** What the power is about, for example `ProductOffering`. */
  readonly function: string
  /** What may be done, for example `Create`; one or several. */
  readonly action: string | readonly string[]
  /** Where it holds, for example a tenant. Default: `DOME`. */
  readonly domain?: string
  /**
   * `organization` for system administrators. Default: `domain`, or `Domain` in the older dialects.
   */
  readonly type?: string
}

/** The organisation that a mandate is from. */
export interface Mandator {
  readonly organizationIdentifier: string
  readonly organization: string
  readonly country: string
  readonly commonName: string
  readonly email: string
  readonly serialNumber: string
}

/** The machine or employee that acts; each dialect writes the members it knows. */
export interface Mandatee {
  readonly domain: string
  readonly ipAddress: string
  readonly serviceName: string
  readonly serviceType: string
  readonly version: string
  readonly description: string
  readonly email: string
  readonly phone: string
  readonly firstName: string
  readonly lastName: string
  readonly employeeId: string
  readonly nationality: string
}

/** What a credential says, before a dialect gives it names. */
export interface CredentialFacts {
  readonly id: string
  readonly did: string
  readonly jwk: Jwk
  readonly issuer: string
  readonly mandator: Mandator
  readonly mandatee: Mandatee
  readonly powers: readonly Power[]
  readonly validFrom: string
  readonly validUntil: string
  readonly status: Json | undefined
}
