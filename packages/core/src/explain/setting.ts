/*
 * A resource server's issuers and status lists for the length of one explanation: as its options
 * say, without listeners, and without requests where none may be sent.
 */
import { issuersOf, type Issuers } from '../issuers/issuers.js'
import type { TrustedIssuer } from '../issuers/trusted-issuer.js'
import { Denial } from '../kit/errors.js'
import type { Emitter } from '../kit/events.js'
import type { IssuerSettings, ResourceServerOptions, Settings } from '../options/options.js'
import { resolveOptions } from '../options/resolve.js'
import { createStatusLists, type StatusLists } from '../status/status.js'

/** What an explanation asks. */
export interface Setting {
  readonly settings: Settings
  readonly issuers: Issuers
  readonly statusLists: Pick<StatusLists, 'check'>
  /** The issuer, where one is configured by name and no other. */
  readonly onlyIssuer: () => Promise<TrustedIssuer | undefined>
  /** Whether the keys of an issuer would have to be fetched, and must not be. */
  readonly lacksKeysOf: (issuer: IssuerSettings) => boolean
  /** Seconds since 1970. */
  readonly seconds: () => number
  readonly close: () => void
}

/** An explanation is no decision: neither listeners nor channels hear of it. */
const SILENT: Emitter = { listens: () => false, emit: () => {} }

/**
 * Makes the setting of one explanation.
 *
 * @throws {GuardError} `invalid_configuration`
 */
export function createSetting(options: ResourceServerOptions, isOffline: boolean): Setting {
  const settings = resolveOptions(quiet(options))
  const { runtime } = settings
  const issuers = issuersOf(settings, SILENT)
  const statusLists = createStatusLists(settings.status, runtime, SILENT)
  return {
    settings,
    issuers,
    statusLists: isOffline && settings.status !== undefined ? UNREACHED : statusLists,
    onlyIssuer: async () => {
      const [only, ...others] = settings.issuers
      const isOnly = others.length === 0 && settings.lookups.length === 0
      return isOnly && only?.template === undefined ? issuers.find(only?.issuer) : undefined
    },
    lacksKeysOf: ({ issuer, keysAt }) => isOffline && !('keys' in keysAt(issuer)),
    seconds: () => runtime.now() / 1_000,
    close: () => {
      issuers.close()
      statusLists.close()
    },
  }
}

/** The same options without warnings: they were given where the server was made. */
export function quiet(options: ResourceServerOptions): ResourceServerOptions {
  if (typeof options !== 'object' || options === null) return options
  return { ...options, runtime: { ...options.runtime, warn: () => {} } }
}

const UNREACHED: Pick<StatusLists, 'check'> = {
  check: () => {
    throw new Denial('status_unavailable', {
      check: 'status',
      expected: 'a credential that is not revoked',
      actual: 'not looked up: no request was sent',
      hint: 'explain the token online',
    })
  },
}
