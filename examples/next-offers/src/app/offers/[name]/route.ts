import { allOf, protect } from '@verifier-guard/fetch'
import { ofAnOrganization, offers, resourceServer } from '../../../guard'
import { offersOf } from '../../../offers'

/** Reads one offer. What Next passes after the request comes after the caller. */
export const GET = protect(
  async (_request, auth, { params }: { params: Promise<{ name: string }> }) => {
    const wanted = (await params).name
    const offer = offersOf(auth).find(({ name }) => name === wanted)
    return offer === undefined
      ? Response.json({ error: 'no such offer' }, { status: 404 })
      : Response.json(offer)
  },
  resourceServer,
  { requirement: allOf(ofAnOrganization, offers('Read')) },
)
