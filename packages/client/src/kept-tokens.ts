import { KeptToken } from './kept-token.js'
import type { Settings } from './settings.js'
import { parametersKey, type SentParameters } from './parameters.js'
import type { TokenRequest } from './request.js'

/**
 * Beyond the source's own. A caller that asks for more kinds of tokens than this gets each of them,
 * and waits for some of them anew.
 */
const MAX_KEPT = 1_000

/**
 * The tokens of one source: its own, and those for other parameters, of which the ones not asked
 * for the longest go first.
 *
 * No lru-cache: it would evict a token that a caller waits for.
 */
export class KeptTokens {
  readonly own: KeptToken
  readonly #make: (parameters: SentParameters) => KeptToken
  readonly #ownKey: string
  readonly #others = new Map<string, KeptToken>()

  constructor(request: TokenRequest, options: Settings) {
    this.#make = (parameters) => new KeptToken(request, parameters, options)
    this.own = this.#make(options.parameters)
    this.#ownKey = parametersKey(options.parameters)
  }

  /** The token for these parameters, or a promise of it. */
  get(parameters: SentParameters): string | Promise<string> {
    const key = parametersKey(parameters)
    if (key === this.#ownKey) return this.own.get()
    const kept = this.#others.get(key) ?? this.#make(parameters)
    // A map keeps the order of insertion, which thereby is the order of use.
    this.#others.delete(key)
    this.#others.set(key, kept)
    const token = kept.get()
    if (typeof token === 'string') this.#evict()
    else token.then(this.#evict, this.#evict)
    return token
  }

  /** The token kept for these parameters, if there is one. */
  find(parameters: SentParameters): KeptToken | undefined {
    const key = parametersKey(parameters)
    return key === this.#ownKey ? this.own : this.#others.get(key)
  }

  close(): void {
    for (const kept of [this.own, ...this.#others.values()]) kept.close()
  }

  /**
   * Those that are being asked for stay, however many they are: a caller may wait for each of them.
   */
  readonly #evict = (): void => {
    if (this.#others.size <= MAX_KEPT) return
    for (const [key, kept] of this.#others) {
      if (kept.isPending) continue
      kept.release()
      this.#others.delete(key)
      if (this.#others.size <= MAX_KEPT) return
    }
  }
}
