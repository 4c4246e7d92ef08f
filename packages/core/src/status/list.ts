/* A status list as it was signed: its rules, and what it says of an index. */
import { printable } from '../kit/display.js'
import { sendBounded, HttpFailure, retryAfter } from '../kit/http.js'
import { parseJws, type UnverifiedJws } from '../jwt/jws.js'
import { seconds, type Json } from '../kit/members.js'
import type { Runtime } from '../kit/runtime.js'
import type { BitOrder } from '../options/status-lists.js'
import { statusAt, unpack, type StatusBits } from './bits.js'
import type { ListForm } from './forms.js'
import type { ListVerifier } from './signer.js'

/** A status list whose signature holds. */
export interface StatusList {
  /** The status at an index, zero for valid; `undefined` beyond the list. */
  readonly at: (index: number) => number | undefined
  /** Whether the list speaks of this: `revocation`, `suspension`. */
  readonly serves: (purpose: string | undefined) => boolean
  /** Milliseconds since 1970 at which it expires. */
  readonly validUntil: number
  /** Milliseconds for which its signer lets a copy be kept. */
  readonly ttl: number
}

/** Where a list is, and how to tell that it is the right one. */
export interface ListSource {
  readonly url: string
  readonly form: ListForm
  readonly verifier: ListVerifier
  readonly order: BitOrder
}

/** The list is compressed, encoded for JSON, and encoded again for the signature. */
const MAX_RESPONSE_BYTES = 2_097_152
const TIMEOUT = 5_000
const SIZES: readonly unknown[] = [1, 2, 4, 8]
/** Difference of clocks that is forgiven to a list that was just signed, in milliseconds. */
const CLOCK_TOLERANCE = 30_000

/**
 * Fetches a status list and checks all that makes it one: media type, signature, address, dates,
 * and that it can be unpacked.
 *
 * @param signal ends the fetch
 * @throws {HttpFailure} when there is no such list
 */
export async function fetchStatusList(
  source: ListSource,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<StatusList> {
  const { url, form } = source
  const { status, headers, body } = await sendBounded(runtime, {
    url,
    headers: { accept: form.mediaType },
    timeout: TIMEOUT,
    maxBytes: MAX_RESPONSE_BYTES,
    signal,
  })
  const address = printable(url)
  if (status !== 200) {
    const message = `expected status 200 for the status list ${address}, got ${status}`
    throw new HttpFailure('status', message, {
      status,
      retryAfter: retryAfter(headers, runtime.now()),
    })
  }
  const list = await readStatusList(body.trim(), source, runtime.now())
  if (typeof list !== 'string') return list
  throw new HttpFailure('unusable', `expected a signed status list at ${address}, got ${list}`)
}

/** @returns the list, or a phrase that says what was found instead */
async function readStatusList(
  token: string,
  source: ListSource,
  now: number,
): Promise<StatusList | string> {
  const { url, form, verifier, order } = source
  const jws = parse(token)
  if (jws === undefined) return 'no JWT'
  const type = (jws.header.typ ?? '').toLowerCase().replace(/^application\//, '')
  if (!form.types.includes(type)) return 'a JWT of another type'
  const verified = await verifier.verify(jws, form.issuer(jws.claims), now)
  if (typeof verified === 'string') return verified
  if (!form.isAt(verified.claims, url)) return 'a list that states another address'
  const times = timesOf(verified.claims, form)
  if (times === undefined) return 'a list whose dates or "ttl" can not be read'
  if (times.validFrom > now + CLOCK_TOLERANCE) return 'a list that is not valid yet'
  if (times.validUntil <= now) return 'a list that expired'
  const { list, bits } = form.packed(verified.claims)
  if (!SIZES.includes(bits)) return 'statuses of another size than 1, 2, 4 or 8 bits'
  const bytes = await unpack(list)
  if (typeof bytes === 'string') return bytes
  const statuses: StatusBits = { bytes, bits: bits as number, order }
  const purposes = form.purposes(verified.claims)
  return {
    at: (index) => statusAt(statuses, index),
    serves: (purpose) => purposes === undefined || purposes.includes(purpose),
    ...times,
  }
}

function parse(token: string): UnverifiedJws | undefined {
  try {
    return parseJws(token)
  } catch {
    return undefined
  }
}

interface Times {
  readonly validFrom: number
  readonly validUntil: number
  readonly ttl: number
}

/** In milliseconds; `undefined` when one can't be read: a limit in time must not read as none. */
function timesOf(claims: Json, form: ListForm): Times | undefined {
  const { value: ttl = Infinity, unit } = form.ttl(claims)
  if (typeof ttl !== 'number' || !(ttl > 0)) return undefined
  const milliseconds = (dates: readonly unknown[], absent: number) =>
    dates.map((date) => (seconds(date) ?? absent) * 1_000)
  try {
    const validFrom = Math.max(...milliseconds(form.begins(claims), -Infinity))
    const validUntil = Math.min(...milliseconds(form.ends(claims), Infinity))
    return { validFrom, validUntil, ttl: ttl * unit }
  } catch {
    return undefined
  }
}
