/*
 * One line for the log of every start: how many routes ask for a token, and which do not.
 */
import { describeDoors, type Door, type DoorState } from '@verifier-guard/core/support'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { opensRoute } from './route-config.js'
import { routesOf } from './routes.js'

/** The names of the guards' hooks, by which the routes behind them are known. */
export const GUARDS = { guarded: 'verifierGuard', optional: 'verifierGuardOptional' } as const

const opened = Symbol.for('@verifier-guard/fastify/opened')
const noted = Symbol.for('@verifier-guard/fastify/noted')

type Scope = FastifyInstance & {
  /** The routes of an application that their config opens, once for each constraint. */
  [opened]?: string[]
  /** Whether the routes of this very scope are noted. */
  [noted]?: true
}

const ADVICE =
  'Register auth() in the scope of each, and state config: { auth: false } on what stays open'

/** Has an application report its routes when it is ready: once, however many guards it has. */
export function reportDoors(scope: FastifyInstance): void {
  const scopes = scopesAround(scope)
  const outermost = scopes.at(-1)!
  if (outermost[opened] === undefined)
    outermost.addHook('onReady', (done) => (report(outermost), done()))
  const open = (outermost[opened] ??= [])
  for (const one of scopes) noteOpened(one, open)
}

/** A scope and all around it: Fastify makes each from the one around it. */
function scopesAround(scope: Scope): readonly Scope[] {
  const around = Object.getPrototypeOf(scope) as Scope
  return [scope, ...(typeof around.addHook === 'function' ? scopesAround(around) : [])]
}

function noteOpened(scope: Scope, open: string[]): void {
  if (Object.hasOwn(scope, noted)) return
  scope[noted] = true
  scope.addHook('onRoute', (route: RouteOptions) => {
    if (opensRoute(route.config))
      for (const method of [route.method].flat()) open.push(`${method} ${route.url}`)
  })
}

function report(app: Scope): void {
  try {
    const { text, hasOpen } = describeDoors(doorsOf(app), ADVICE)
    app.log[hasOpen ? 'warn' : 'info'](`verifier-guard: ${text}`)
  } catch (error) {
    // The application's own `buildPrettyMeta` is asked, and no line of a log is worth a start.
    app.log.warn(error, 'verifier-guard: the routes of this application can not be listed')
  }
}

function doorsOf(app: Scope): readonly Door[] {
  // Fastify adds HEAD to each GET, and @fastify/cors a route for every preflight.
  const asked = routesOf(app).filter(({ method }) => !['HEAD', 'OPTIONS'].includes(method))
  const doors = asked.map(({ method, url, hooks }) => ({
    shown: `${method} ${url}`,
    state: stateOf(hooks),
  }))
  // Of routes that differ by a constraint alone, one may be open by mistake: all have to be stated.
  const stated = timesOfEach(app[opened] ?? [])
  const printed = timesOfEach(doors.map(({ shown }) => shown))
  const isStated = (shown: string) => (stated.get(shown) ?? 0) >= (printed.get(shown) ?? 0)
  return doors.map((door) => (isStated(door.shown) ? { ...door, state: 'public' } : door))
}

function timesOfEach(routes: readonly string[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const route of routes) times.set(route, (times.get(route) ?? 0) + 1)
  return times
}

function stateOf(hooks: readonly string[]): DoorState {
  if (hooks.includes(GUARDS.guarded)) return 'guarded'
  return hooks.includes(GUARDS.optional) ? 'optional' : 'open'
}
