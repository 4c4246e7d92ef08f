import type { AuthContext } from '@verifier-guard/fetch'

/** An offer as this API keeps it. */
export interface Offer {
  readonly name: string
  /** The organisation that made it: the mandator of the machine that called. */
  readonly organization: string
}

const offers: Offer[] = []

/** The offers of the caller's organisation. */
export function offersOf(auth: AuthContext): readonly Offer[] {
  return offers.filter(({ organization }) => organization === organizationOf(auth))
}

/** Keeps an offer of the caller's organisation. */
export function addOffer(auth: AuthContext, name: string): Offer {
  const offer: Offer = { name, organization: organizationOf(auth) }
  offers.push(offer)
  return offer
}

/**
 * A mandate gives powers to an organisation, so data belongs to it too: never to `sub`, which
 * means something else in each Verifier generation.
 */
function organizationOf({ mandate }: AuthContext): string {
  return mandate!.mandator.organizationIdentifier!
}
