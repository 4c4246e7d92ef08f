import { readUrl } from '@verifier-guard/core/support'
import { printable } from './display.js'
import { tokenSourceError, type TokenSourceError } from './errors.js'

/** For a request to an origin that gets no tokens. */
export function notAllowedError(url: string | URL): TokenSourceError {
  const origin = readUrl(String(url))?.origin
  return tokenSourceError('origin_not_allowed', {
    expected: 'an address on one of "allowedOrigins"',
    found: origin === undefined ? 'an address that is not absolute' : printable(origin),
    hint: 'tokens are sent nowhere else',
  })
}
