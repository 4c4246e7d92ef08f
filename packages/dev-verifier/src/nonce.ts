import type { Runtime } from './runtime.js'

/** The nonce that proofs must have, where the server demands one (RFC 9449 §8). */
export interface Nonce {
  /** `undefined` where none is demanded. */
  readonly current: string | undefined
  /** Replaces it. Proofs with the old one are refused from then on. */
  readonly rotate: () => void
}

/** A nonce that stays until it is rotated, or none at all. */
export function createNonce(isDemanded: boolean, { uuid }: Pick<Runtime, 'uuid'>): Nonce {
  let current = isDemanded ? uuid() : undefined
  return {
    get current() {
      return current
    },
    rotate: () => {
      current = isDemanded ? uuid() : undefined
    },
  }
}
