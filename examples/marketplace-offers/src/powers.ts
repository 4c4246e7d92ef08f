import {
  allOf,
  anyOf,
  requiredKind,
  requiredPower,
  requiredStatus,
  requiredTenant,
} from '@verifier-guard/express'
import type { Request } from 'express'

/**
 * The tenant that a request is about: a part of its path, so that no caller can name another
 * one in a header.
 */
const tenantOf = (req: Request): string => String(req.params['tenant'])

const offers = (...action: string[]) =>
  requiredPower({ domain: tenantOf, function: 'ProductOffering', action })

const ofThisTenant = requiredTenant(tenantOf)
const operator = requiredPower({
  type: 'organization',
  domain: 'DOME',
  function: 'System',
  action: 'Administration',
})

/** What each route asks for: the whole policy of this API on one page. */
export const may = {
  /** Every caller with a token of this tenant may look; the operator may look everywhere. */
  read: anyOf(ofThisTenant, operator),
  /**
   * The power must hold in this tenant: one for another tenant, or for nowhere, is not enough.
   */
  create: allOf(ofThisTenant, offers('Create')),
  /**
   * What can't be undone is for machines alone, and not for one whose credential was revoked
   * while its token is still good.
   */
  publish: allOf(
    requiredKind('machine'),
    ofThisTenant,
    offers('Create', 'Update'),
    requiredStatus(),
  ),
}
