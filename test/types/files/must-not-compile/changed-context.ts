// expected: TS2540 TS2540 TS2339 TS2339 TS2542 TS2540
import type { AuthContext } from '@verifier-guard/core'

export function promote(auth: AuthContext<{ readonly plan: string }>, other: AuthContext) {
  auth.kind = 'machine'
  auth.tenant = 'acme'
  auth.scopes.push('admin')
  auth.powers.push({ actions: ['Create'] })
  other.claims['plan'] = 'paid'
  auth.claims.plan = 'paid'
}
