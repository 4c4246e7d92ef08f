import { clockOffset } from './clock.js'
import type { Emit } from './events.js'
import { buildProof, type RequestTarget } from './proof.js'
import type { ProofKey } from './proof-key.js'
import type { ClientRuntime } from './runtime.js'
import { signJwt } from './signer.js'
import { inSeconds, SECOND } from './time.js'

/** Proofs of possession for the servers of one kind: authorization servers, or APIs. */
export interface Prover {
  /**
   * The field `DPoP` of one request. Each request needs a fresh one.
   *
   * @param token the access token that goes with it.
   * @throws {TokenSourceError} `signer_failed`, `signature_malformed`.
   */
  readonly prove: (target: RequestTarget, token?: string) => Promise<string>
  /**
   * Learns from an answer: its nonce, and the server's clock where it refused a proof.
   *
   * @returns whether another proof may do better than the one that was refused.
   */
  readonly learn: (
    url: string | URL,
    headers: Headers,
    refused: 'nonce' | 'proof' | undefined,
  ) => boolean
}

/** What is known of one origin. */
interface Peer {
  nonce?: string
  /** How far this machine is ahead of it, in milliseconds, once a proof was refused for that. */
  offset?: number
}

/** What a nonce may be (RFC 9449 §8.1), and no longer than any in use. */
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,512}$/

/** An offset that neither travel time nor the whole seconds of a `Date` explain. Milliseconds. */
const NOTABLE_OFFSET = 3 * SECOND

/** Makes proofs with one key. Nonces and clocks are kept by origin (RFC 9449 §8.2). */
export function createProver(key: ProofKey, runtime: ClientRuntime, emit: Emit): Prover {
  const peers = new Map<string, Peer>()

  function peerAt(url: string | URL): Peer {
    const { origin } = new URL(url)
    const peer = peers.get(origin) ?? {}
    peers.set(origin, peer)
    return peer
  }

  function learnClock(url: string | URL, headers: Headers): boolean {
    const peer = peerAt(url)
    const offset = clockOffset(headers, runtime.now())
    const isNews = Math.abs((offset ?? 0) - (peer.offset ?? 0)) >= NOTABLE_OFFSET
    // A call that was under way while another one learned it may go again as well.
    if (offset === undefined || !isNews) return peer.offset !== undefined
    peer.offset = offset
    emit('clockLearned', { origin: new URL(url).origin, offset: inSeconds(offset) })
    return true
  }

  return {
    async prove(target, token) {
      const { nonce, offset = 0 } = peerAt(target.url)
      const { jwk, ...signer } = await key()
      const now = runtime.now() - offset
      const proof = await buildProof(target, { jwk, now, jti: runtime.uuid(), token, nonce })
      return signJwt(signer, proof)
    },
    learn(url, headers, refused) {
      const nonce = headers.get('dpop-nonce')
      const isUsable = nonce !== null && NONCE.test(nonce)
      if (isUsable) peerAt(url).nonce = nonce
      return refused === 'nonce' ? isUsable : refused === 'proof' && learnClock(url, headers)
    },
  }
}
