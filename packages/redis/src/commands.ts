/*
 * A store from the two commands that it takes. Commands of a client in, store out.
 */
import type { ReplayStore } from '@verifier-guard/core'
import {
  configurationError,
  readOptions,
  text,
  type OptionRows,
} from '@verifier-guard/core/support'

/** How a store names its keys. */
export interface RedisStoreOptions {
  /**
   * What every key starts with: APIs that share a Redis need one each. Default: `verifier-guard:`.
   */
  readonly prefix?: string
}

const ROWS = {
  // A client may put a prefix of its own before every key: then none is needed here.
  prefix: {
    check: (name, value) => (value === '' ? undefined : text(name, value)),
    default: 'verifier-guard:',
    says: 'what every key starts with',
  },
} as const satisfies OptionRows<RedisStoreOptions>

/** The commands of a client. */
export interface Commands {
  /** `SET key 1 NX PX ttl`. Answers `OK`, or null where the key is there. */
  readonly setIfAbsent: (key: string, milliseconds: number) => Promise<unknown>
  /** `PTTL key`. */
  readonly timeToLive: (key: string) => Promise<unknown>
}

const USED = 'dpop:'

/**
 * Refuses what is no client, or one of another package.
 *
 * @param call how the store is made
 * @throws {GuardError} `invalid_configuration`
 */
export function requireClient(client: unknown, commands: readonly string[], call: string): void {
  const given = Object(client) as Readonly<Record<string, unknown>>
  const missing = commands.find((command) => typeof given[command] !== 'function')
  if (missing === undefined) return
  throw configurationError(
    `a client with the functions ${commands.join(' and ')}`,
    `none with ${missing}`,
    `write ${call}`,
  )
}

/**
 * Makes a store. One round trip for each proof, atomic, on one key: it works on a cluster too.
 *
 * Looks once whether a key that it added expires: a client that is called the way of another one
 * answers `OK` to everything, and sets keys for ever.
 *
 * @throws {GuardError} `invalid_configuration` for options that it does not know
 */
export function storeOf(
  { setIfAbsent, timeToLive }: Commands,
  options: RedisStoreOptions,
): ReplayStore {
  const { prefix } = readOptions('options of a store', options, ROWS)
  let expires = false
  return {
    async add(key, ttl) {
      const name = prefix + USED + key
      const answer = await setIfAbsent(name, Math.ceil(ttl * 1_000))
      if (answer === null) return 'present'
      if (answer !== 'OK') throw new Error('Redis answered SET with something other than OK')
      expires ||= Number(await timeToLive(name)) > 0
      if (expires) return 'added'
      throw new Error(
        'the client sets keys that never expire: pass a client of "redis" to nodeRedisStore, of "ioredis" or "iovalkey" to ioredisStore',
      )
    },
  }
}
