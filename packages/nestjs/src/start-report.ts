/*
 * One line for the log of every start: how many handlers ask for a token, and which do not.
 */
import { Logger } from '@nestjs/common'
import { describeDoors, type DoorState } from '@verifier-guard/core/support'
import type { InspectedHandler } from './inspection.js'

const logger = new Logger('VerifierGuardModule')

/** Says which handlers are open: as a warning where one of them is not `@Public()`. */
export function reportAccess(handlers: readonly InspectedHandler[]): void {
  // Field resolvers are reached through a query, a mutation or a subscription.
  const named = handlers.filter(({ call }) => call !== 'field' && call !== 'other')
  if (named.length === 0) return
  const { text, hasOpen } = describeDoors(
    named.map((handler) => ({
      state: stateOf(handler),
      shown: handler.shown,
      asksNoRight: !handler.isDemanding,
    })),
    ADVICE,
  )
  if (hasOpen) logger.warn(text)
  else logger.log(text)
}

const ADVICE =
  'Put { provide: APP_GUARD, useExisting: AccessTokenGuard } in the providers, ' +
  '@UseGuards(AccessTokenGuard) on gateways and microservices, and @Public() on what stays open'

function stateOf({ isGuarded, access: { open } }: InspectedHandler): DoorState {
  if (open === 'public') return 'public'
  return isGuarded ? (open ?? 'guarded') : 'open'
}
