/*
 * One line for the log of every start: how many handlers ask for a token, and which do not.
 */
import { Logger } from '@nestjs/common'
import type { Door } from './inspection.js'

type State = 'guarded' | 'optional' | 'public' | 'open'

const logger = new Logger('VerifierGuardModule')

/** How many open handlers the line names. */
const NAMED = 10

/** Says which handlers are open: as a warning where one of them is not `@Public()`. */
export function reportDoors(doors: readonly Door[]): void {
  // Field resolvers are reached through a query, a mutation or a subscription.
  const asked = doors.filter(({ call }) => call !== 'field' && call !== 'other')
  if (asked.length === 0) return
  const open = asked.filter((door) => stateOf(door) === 'open').map(({ shown }) => shown)
  const counts = (['guarded', 'optional', 'public', 'open'] as const)
    .map((state) => [asked.filter((door) => stateOf(door) === state).length, state] as const)
    .filter(([count, state]) => count > 0 || state === 'guarded')
    .map(([count, state]) => `${count} ${state}`)
    .join(', ')
  if (open.length === 0) logger.log(counts)
  else logger.warn(`${counts}: ${listed(open)}. ${ADVICE}`)
}

const ADVICE =
  'Put { provide: APP_GUARD, useExisting: AccessTokenGuard } in the providers, ' +
  '@UseGuards(AccessTokenGuard) on gateways and microservices, and @Public() on what stays open'

function stateOf({ isGuarded, access: { open } }: Door): State {
  if (open === 'public') return 'public'
  return isGuarded ? (open ?? 'guarded') : 'open'
}

function listed(names: readonly string[]): string {
  const more = names.length - NAMED
  return [...names.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : [])].join(', ')
}
