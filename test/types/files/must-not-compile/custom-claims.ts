// expected: TS2322 TS2339 TS2322 TS2339 TS2322
import { createResourceServer } from '@verifier-guard/core'
import { authOf } from '@verifier-guard/express'
import type { Request } from 'express'

type MyClaims = { readonly plan: string }
const options = { issuer: 'https://verifier.example.org', profile: 'eudistack' } as const

export async function claimsOf(request: Request) {
  const { claims } = await createResourceServer<MyClaims>(options).authenticate(request)
  const seats: number = claims.plan
  const missing: unknown = claims.other

  const same = authOf<MyClaims>(request).claims
  const sameSeats: number = same.plan
  const sameMissing: unknown = same.other

  const unchecked: string = authOf(request).claims['plan']
  return { seats, missing, sameSeats, sameMissing, unchecked }
}
