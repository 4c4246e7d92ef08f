/** For how long Verifiers since 3.0 remember an assertion at least. Seconds. */
const REMEMBERED_FOR = 1_800
/** How many they remember. */
const MAX_REMEMBERED = 10_000
/** How often the register drops what has ended. Seconds. */
const SWEEP_INTERVAL = 60

/** When an assertion is used, and the `exp` that it states. Seconds since 1970. */
interface Use {
  readonly now: number
  readonly exp: unknown
}

/**
 * The `jti` of assertions that were used (RFC 7523 §3, rule 7): each until the assertion expires,
 * and for 30 minutes at least. Of more than 10 000 it forgets the one that was used first.
 */
export class ReplayRegister {
  readonly #until = new Map<string, number>()
  #sweptAt = -Infinity

  get size(): number {
    return this.#until.size
  }

  /** Uses an identifier up. Returns false if it was before. */
  use(jti: string, { now, exp }: Use): boolean {
    if (now - this.#sweptAt >= SWEEP_INTERVAL) this.#sweep(now)
    if ((this.#until.get(jti) ?? -Infinity) > now) return false
    this.#until.delete(jti)
    this.#until.set(jti, Math.max(now + REMEMBERED_FOR, typeof exp === 'number' ? exp : 0))
    // Some clients write `exp` in milliseconds, so that their assertions never end.
    const [oldest] = this.#until.keys()
    if (this.#until.size > MAX_REMEMBERED && oldest !== undefined) this.#until.delete(oldest)
    return true
  }

  #sweep(now: number): void {
    this.#sweptAt = now
    for (const [jti, until] of this.#until) if (until <= now) this.#until.delete(jti)
  }
}
