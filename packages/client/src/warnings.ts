import { place } from './display.js'
import type { TokenRequest } from './request.js'
import type { Settings } from './settings.js'
import { epochSeconds, SECOND } from './time.js'

const DAY = 86_400 * SECOND
/** An issuer needs days to hand out a new credential. */
const EXPIRY_WARNING = 30 * DAY

/** Token requests with warnings of what will fail later, or is likely not meant. */
export function withWarnings(request: TokenRequest, settings: Settings): TokenRequest {
  return withLifeWarning(withExpiryWarning(request, settings), settings)
}

/** Warns at the first request and then once a day. */
function withExpiryWarning(
  request: TokenRequest,
  { credential, runtime, emit }: Settings,
): TokenRequest {
  const validUntil = credential?.validUntil
  if (validUntil === undefined) return request
  let warnedAt = -Infinity
  return (parameters, signal) => {
    const now = runtime.now()
    if (validUntil - now < EXPIRY_WARNING && now - warnedAt >= DAY) {
      warnedAt = now
      emit('credentialExpiring', { validUntil: epochSeconds(validUntil) })
    }
    return request(parameters, signal)
  }
}

/** Once: it is a trait of the authorization server, and no failure. */
function withLifeWarning(request: TokenRequest, { issuer, runtime }: Settings): TokenRequest {
  let warned = false
  return async (parameters, signal) => {
    const token = await request(parameters, signal)
    if (token.lifetime === undefined && !warned) {
      warned = true
      runtime.warn(
        `The access tokens of ${place(issuer)} do not say when they end, and are kept for a minute. ` +
          'Have the authorization server answer with "expires_in" (RFC 6749 §5.1).',
      )
    }
    return token
  }
}
