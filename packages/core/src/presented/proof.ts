/*
 * Reads the DPoP proof of a request from its field. Request in, the text of the proof out (RFC 9449
 * §4.1). Checks nothing of the proof itself.
 */
import { Denial } from '../kit/errors.js'
import { fieldOf, type RequestLike } from './request.js'

/**
 * Reads the `DPoP` field.
 *
 * A comma separates several fields that a web `Headers` or Node has joined (RFC 9110 §5.3): a proof
 * has none.
 *
 * @returns `undefined` where there is none
 * @throws {Denial} `dpop_proof_invalid` for several (RFC 9449 §4.3 no. 1)
 */
export function proofField(request: RequestLike): string | undefined {
  const field = fieldOf(request, 'dpop')
  if (field === undefined || (typeof field === 'string' && !field.includes(','))) return field
  throw new Denial('dpop_proof_invalid', {
    check: 'token',
    expected: 'one DPoP field with one proof',
    actual: typeof field === 'object' && 'unfit' in field ? 'another value' : 'several',
    hint: 'send the proof once; a proxy in between may add or join fields',
  })
}
