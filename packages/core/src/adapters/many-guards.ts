/*
 * Notices guards that are made again and again for one issuer, in a handler or for each tenant: the
 * most frequent reason why keys are fetched all the time. Servers in, one warning out.
 */
import { quoteAddress } from '../kit/display.js'
import { systemRuntime } from '../kit/runtime.js'
import type { ResourceServerOptions } from '../options/options.js'
import { decisionsFor, type DecidingServer } from '../server.js'

/** Open guards for one issuer from which on a mistake is likely. */
const MANY = 10
/** Issuers that are counted. */
const MOST_ISSUERS = 1_000

const made = new Map<string, WeakRef<DecidingServer>[]>()

/** Counts a resource server that a guard made for itself; warns at the tenth that is open. */
export function warnOfManyGuards(
  server: DecidingServer,
  { issuer, runtime }: ResourceServerOptions,
): void {
  // An application with a fetch of its own may remember what it fetches.
  if (typeof issuer !== 'string' || typeof WeakRef === 'undefined' || runtime?.fetch) return
  const others = (made.get(issuer) ?? []).filter(isOpen)
  if (others.length >= MANY || (others.length === 0 && made.size >= MOST_ISSUERS)) return
  made.set(issuer, [...others, new WeakRef(server)])
  if (others.length === MANY - 1) (runtime?.warn ?? systemRuntime.warn)(warning(issuer))
}

function isOpen(reference: WeakRef<DecidingServer>): boolean {
  return reference.deref()?.[decisionsFor].isClosed() === false
}

function warning(issuer: string): string {
  return `${MANY} guards for the issuer ${quoteAddress(issuer)} are open: each auth({ … }) fetches keys, and has timers and a token cache of its own. Make it once, outside of handlers; share one resource server between routes: auth(createResourceServer({ … })).`
}
