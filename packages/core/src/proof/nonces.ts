/*
 * Nonces without a store: each states its time, under a signature that this server or another
 * instance with the same secret can check (RFC 9449 §8, §9).
 */
import { hmac, isSameSecret } from '../kit/hmac.js'
import { andThen, type Later } from '../kit/later.js'
import type { Runtime } from '../kit/runtime.js'
import { encodeBase64url } from '../kit/sha256.js'
import type { DpopSettings } from '../options/dpop.js'

/** Makes and checks nonces. */
export interface Nonces {
  /** Seconds for which a nonce is accepted. */
  readonly lifetime: number
  /** Makes one of now. */
  readonly make: () => Later<string>
  /** When a nonce was made, in seconds since 1970; `undefined` for one that is not ours. */
  readonly timeOf: (nonce: unknown) => Later<number | undefined>
}

/** The time in base 36, and 132 bits of its HMAC: characters of NQCHAR alone (RFC 9449 §8.1). */
const FORM = /^([\da-z]{1,9})\.([\w-]{22})$/
const LABEL = 'verifier-guard dpop nonce '
const SECRET_BYTES = 32

/** Makes the nonces of a resource server; without secrets, by one that no other process knows. */
export function createNonces(
  { secrets, lifetime }: NonNullable<DpopSettings['nonce']>,
  { now, randomBytes }: Pick<Runtime, 'now' | 'randomBytes'>,
): Nonces {
  const keys = secrets ?? [encodeBase64url(randomBytes(SECRET_BYTES))]

  async function timeByAnyKey(time: string, mac: string): Promise<number | undefined> {
    for (const key of keys) {
      if (isSameSecret(await macOf(key, time), mac)) return Number.parseInt(time, 36)
    }
    return undefined
  }

  return {
    lifetime,
    make() {
      const time = Math.floor(now() / 1_000).toString(36)
      return andThen(macOf(keys[0]!, time), (mac) => `${time}.${mac}`)
    },
    timeOf(nonce) {
      const [, time, mac] = (typeof nonce === 'string' && FORM.exec(nonce)) || []
      if (time === undefined || mac === undefined) return undefined
      return andThen(macOf(keys[0]!, time), (own) =>
        isSameSecret(own, mac) ? Number.parseInt(time, 36) : timeByAnyKey(time, mac),
      )
    },
  }
}

function macOf(key: string, time: string): Later<string> {
  return andThen(hmac(key, LABEL + time), (mac) => mac.slice(0, 22))
}
