/*
 * What the console works on: one development Verifier, its clock and its faults, and the pages that
 * are open.
 */
import type { FaultName, FaultPlace } from '../faults.js'
import type { DevVerifier } from '../verifier.js'
import type { Explain } from './explained.js'
import type { Feed } from './feed.js'

/** The Verifier's clock against this machine's. */
export interface Clock {
  /** Seconds that it is ahead; negative behind. */
  offset: number
}

/** Everything that a part of the page shows or changes. */
export interface Desk {
  readonly verifier: DevVerifier
  readonly feed: Feed
  readonly clock: Clock
  /** The faults that were set here. */
  readonly faults: Map<FaultPlace, FaultName>
  readonly explain: Explain | undefined
  /** The address of the API whose decisions are shown. */
  readonly watched: string | undefined
  /** What `aud` holds where the Verifier itself is not the audience. */
  readonly audience: string | undefined
}
