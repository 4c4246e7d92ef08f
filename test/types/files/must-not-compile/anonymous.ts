// expected: TS18048 TS18048 TS2532
import { optionalAuthOf } from '@verifier-guard/express'
import { protect } from '@verifier-guard/fetch'
import type { AuthState } from '@verifier-guard/koa'

export const handler = protect(
  (_request, auth) => Response.json({ hello: auth.clientId }),
  { issuer: 'https://verifier.example.org', profile: 'eudistack' },
  { optional: true },
)
export const clientOf = (state: AuthState) => state.auth.clientId
export const clientOfRequest = (req: object) => optionalAuthOf(req).clientId
