/*
 * One line for the log of every start: how many routes ask for a token, and which do not.
 */

/** What stands before a route: a guard, one that allows anonymous callers, or none. */
export type DoorState = 'guarded' | 'optional' | 'public' | 'open'

/** A route as the line names it. */
export interface Door {
  readonly state: DoorState
  readonly shown: string
  /** Whether it asks for no right: then any valid token passes. */
  readonly asksNoRight?: boolean
}

/** The line, and whether a route is open that nothing states as public. */
export interface DoorsLine {
  readonly text: string
  readonly hasOpen: boolean
}

const STATES: readonly DoorState[] = ['guarded', 'optional', 'public', 'open']

/** How many routes of a state the line names. */
const NAMED = 10

/**
 * Counts routes by what stands before them, names the open ones and those that any valid token may
 * call, and says how to close them.
 */
export function describeDoors(doors: readonly Door[], advice: string): DoorsLine {
  const counts = STATES.map((state) => [countOf(doors, state), state] as const)
    .filter(([count, state]) => count > 0 || state === 'guarded')
    .map(([count, state]) => `${count} ${state}`)
    .join(', ')
  const open = doors.filter(({ state }) => state === 'open')
  const text = open.length === 0 ? counts : `${counts}: ${listed(open)}. ${advice}`
  const bare = doors.filter(({ state, asksNoRight }) => state === 'guarded' && asksNoRight)
  const ofAny = bare.length === 0 ? '' : `. Any valid token may call ${listed(bare)}`
  return { text: text + ofAny, hasOpen: open.length > 0 }
}

function countOf(doors: readonly Door[], wanted: DoorState): number {
  return doors.filter(({ state }) => state === wanted).length
}

function listed(doors: readonly Door[]): string {
  const names = doors.map(({ shown }) => shown)
  const more = names.length - NAMED
  return [...names.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : [])].join(', ')
}
