import type { Listeners } from '../events.js'
import { createHandOut } from '../hand-out.js'
import { isLoopback } from '../loopback.js'
import type { IssuedCredential } from '../credentials.js'
import type { Power } from '../mandate.js'
import { OPTIONS } from '../option-table.js'
import type { ListenOptions } from '../options.js'
import { profiles } from '../profiles.js'
import { systemRuntime, type Runtime } from '../runtime.js'
import { startBehind } from '../start.js'
import type { DevVerifier } from '../verifier.js'
import { answerConsole, CONSOLE_PATH } from './console.js'
import type { Clock, Desk } from './desk.js'
import { decisionEntry, failedEntry, issuedEntry, refusedEntry } from './entries.js'
import type { Explain } from './explained.js'
import { createFeed, type Feed } from './feed.js'
import { textOf, type Markup } from './markup.js'
import { follow, watchAddress } from './watch.js'

/** Options of a development Verifier with a console. */
export interface ConsoleOptions extends ListenOptions {
  /** The powers of the machine behind `/dev/token`. Default: `ProductOffering/Create` in `DOME`. */
  readonly powers?: readonly Power[]
  /** What explains a token, for the console to show. Default: tokens are only decoded. */
  readonly explain?: (verifier: DevVerifier) => Explain
  /** The http address of an API on this machine whose decisions are shown. Default: none. */
  readonly watch?: string
}

/** A development Verifier with a console. */
export interface DevConsole extends DevVerifier {
  /** The address of the page, with the access token where one is needed. */
  readonly consoleUrl: string
  /** The machine behind `/dev/token`. */
  readonly machine: IssuedCredential
}

/**
 * Starts a development Verifier with a page at `/console`.
 *
 * The page answers loopback hosts alone. Where the Verifier listens on another address, the page
 * asks for an access token instead, which is part of `consoleUrl`. It takes no requests from pages
 * of other origins. Its tokens prove nothing.
 *
 * @param options See {@link ConsoleOptions}. Every option has a default.
 * @returns The Verifier, once it listens.
 * @throws Error as `startDevVerifier` does, and for an API to watch that is not on this machine.
 * @example
 * ```ts
 * import { startConsole } from '@verifier-guard/dev-verifier/console'
 *
 * const verifier = await startConsole({ port: 8082 })
 * console.log(verifier.consoleUrl)
 * await verifier.close()
 * ```
 */
export async function startConsole(options: ConsoleOptions = {}): Promise<DevConsole> {
  const { powers = DEFAULT_POWERS, explain, watch, ...listen } = options
  const watched = watch === undefined ? undefined : watchAddress(watch)
  const clock: Clock = { offset: 0 }
  const feed = createFeed()
  const runtime = shifted({ ...systemRuntime, ...options.runtime }, clock)
  const service = options.service ?? OPTIONS.service.default
  const handOut = createHandOut(powers, service)
  const access = { token: needsToken(options) ? runtime.uuid() : undefined }
  const running: { desk?: Desk } = {}
  const verifier = await startBehind(
    (served, request) =>
      (running.desk && answerConsole(running.desk, access, request)) ??
      handOut.answer(served, request),
    { ...listen, runtime, events: { ...options.events, ...shownEvents(feed, options.events) } },
  )
  const audience = profiles[verifier.profile].family === 'java' ? undefined : service
  running.desk = {
    verifier,
    feed,
    clock,
    faults: new Map(),
    explain: explain?.(verifier),
    watched,
    audience,
  }
  const stop = watched === undefined ? () => {} : followApi(watched, feed, runtime)
  return {
    ...verifier,
    consoleUrl: consoleUrl(verifier, access.token),
    machine: handOut.machineOf(verifier),
    async close() {
      stop()
      feed.close()
      await verifier.close()
    },
  }
}

const DEFAULT_POWERS: readonly Power[] = [
  { domain: 'DOME', function: 'ProductOffering', action: 'Create' },
]

function needsToken({ host = OPTIONS.host.default }: ListenOptions): boolean {
  return !isLoopback(host)
}

/** Where the issuer is reached; a container's own name serves its network, not its user. */
function consoleUrl({ issuer }: DevVerifier, token: string | undefined): string {
  const { origin } = new URL(issuer)
  return `${origin}${CONSOLE_PATH}${token === undefined ? '' : `?token=${token}`}`
}

/** The Verifier's clock can be set wrong. */
function shifted(runtime: Runtime, clock: Clock): Runtime {
  return { ...runtime, now: () => runtime.now() + clock.offset * 1_000 }
}

function shownEvents(feed: Feed, own: Listeners = {}): Listeners {
  const show = (markup: Markup) => feed.publish('request', textOf(markup))
  const time = () => new Date(systemRuntime.now())
  return {
    tokenIssued: (event) => (show(issuedEntry(time(), event)), own.tokenIssued?.(event)),
    tokenRefused: (event) => (show(refusedEntry(time(), event)), own.tokenRefused?.(event)),
    requestRefused: (event) => (show(refusedEntry(time(), event)), own.requestRefused?.(event)),
    failed: (event) => (show(failedEntry(time(), event)), own.failed?.(event)),
  }
}

function followApi(url: string, feed: Feed, runtime: Runtime): () => void {
  const made = (decision: Parameters<typeof decisionEntry>[1]) =>
    feed.publish('decision', textOf(decisionEntry(new Date(systemRuntime.now()), decision)))
  return follow({ url, runtime, made })
}
