import { BadRequestException, Body, Controller, Get, Post } from '@nestjs/common'
import { Auth, Powers, requiredRule, Requires, type AuthContext } from '@verifier-guard/nestjs'

/** An offer as this API keeps it. */
interface Offer {
  readonly name: string
  /** The organisation that made it: the mandator of the machine that called. */
  readonly organization: string
}

/**
 * Refuses callers whose mandate names no organisation: they would share the data of all others
 * without one.
 */
const ofAnOrganization = requiredRule(
  'a mandate that names its organisation',
  ({ mandate }) => mandate?.mandator.organizationIdentifier !== undefined,
)

/**
 * Offers can be read and made by machines whose mandate says so, each seeing its own
 * organisation's.
 */
@Controller('offers')
@Requires(ofAnOrganization)
export class Offers {
  readonly #offers: Offer[] = []

  @Get()
  @Powers({ domain: 'DOME', function: 'ProductOffering', action: 'Read' })
  list(@Auth() auth: AuthContext): readonly Offer[] {
    return this.#offers.filter(({ organization }) => organization === organizationOf(auth))
  }

  @Post()
  @Powers({ domain: 'DOME', function: 'ProductOffering', action: 'Create' })
  create(@Auth() auth: AuthContext, @Body() body?: { readonly name?: unknown }): Offer {
    const name = body?.name
    if (typeof name !== 'string' || name === '')
      throw new BadRequestException('expected {"name": "…"}')
    const offer: Offer = { name, organization: organizationOf(auth) }
    this.#offers.push(offer)
    return offer
  }
}

/**
 * A mandate gives powers to an organisation, so data belongs to it too: never to `sub`, which
 * means something else in each Verifier generation.
 */
function organizationOf({ mandate }: AuthContext): string {
  return mandate!.mandator.organizationIdentifier!
}
