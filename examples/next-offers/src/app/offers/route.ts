import { allOf, protect } from '@verifier-guard/fetch'
import type { NextRequest } from 'next/server'
import { ofAnOrganization, offers, resourceServer } from '../../guard'
import { addOffer, offersOf } from '../../offers'

/** Reads the offers of the caller's organisation, or those that a word of the query is in. */
export const GET = protect(
  ({ nextUrl }: NextRequest, auth) => {
    const word = nextUrl.searchParams.get('word') ?? ''
    return Response.json(offersOf(auth).filter(({ name }) => name.includes(word)))
  },
  resourceServer,
  { requirement: allOf(ofAnOrganization, offers('Read')) },
)

/** Makes an offer. */
export const POST = protect(
  async (request, auth) => {
    const body: unknown = await request.json().catch(() => undefined)
    const { name } = (body ?? {}) as { name?: unknown }
    if (typeof name !== 'string' || name === '')
      return Response.json({ error: 'expected {"name": "…"}' }, { status: 400 })
    return Response.json(addOffer(auth, name), { status: 201 })
  },
  resourceServer,
  { requirement: allOf(ofAnOrganization, offers('Create')) },
)
