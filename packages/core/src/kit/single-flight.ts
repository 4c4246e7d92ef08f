/*
 * Shares one run of a piece of work among all requests that ask for it meanwhile. The only place
 * that knows the runtimes where that is forbidden: on Cloudflare Workers, work ends with the
 * request that began it, finished or not, and no other request may wait for it.
 */
import { isOnCloudflareWorkers, pause, type Runtime } from './runtime.js'
import { createTokenBucket } from './token-bucket.js'

/** Whether work goes on after the request that began it, so that others can wait for it. */
export const worksInBackground = !isOnCloudflareWorkers

/** Work that runs once for all that ask for it at the same time. */
export interface SingleFlight<T> {
  /** The result of the run under way, or of a new one. */
  run(): Promise<T>
  /** The run under way, where it can be waited for. */
  readonly current: Promise<T> | undefined
}

/** Makes the one flight of a piece of work. */
export function singleFlight<T>(
  work: () => Promise<T>,
  runtime: Pick<Runtime, 'monotonic' | 'schedule'>,
): SingleFlight<T> {
  return worksInBackground ? sharedFlight(work) : separateFlights(work, runtime)
}

/**
 * Shares work by name.
 *
 * @param limit names whose work is under way at a time
 * @returns the result; `undefined` at once when too much is under way
 */
export function singleFlights<T>(
  work: (name: string) => Promise<T>,
  limit: number,
  runtime: Pick<Runtime, 'monotonic'>,
): (name: string) => Promise<T> | undefined {
  if (!worksInBackground) return limitedRuns(work, limit, runtime)
  const underWay = new Map<string, Promise<T>>()
  return (name) => {
    if (!underWay.has(name)) {
      if (underWay.size >= limit) return undefined
      const run = work(name).finally(() => underWay.delete(name))
      underWay.set(name, run)
    }
    return underWay.get(name)
  }
}

/** Separate runs are limited in their pace: how many are still under way is not known. */
function limitedRuns<T>(
  work: (name: string) => Promise<T>,
  limit: number,
  runtime: Pick<Runtime, 'monotonic'>,
): (name: string) => Promise<T> | undefined {
  const bucket = createTokenBucket(runtime, { size: limit, every: 1_000 / limit })
  return (name) => (bucket.take() ? work(name) : undefined)
}

function sharedFlight<T>(work: () => Promise<T>): SingleFlight<T> {
  let current: Promise<T> | undefined
  return {
    run: () => (current ??= work().finally(() => (current = undefined))),
    get current() {
      return current
    },
  }
}

/** Runs at once, and one more in so many milliseconds: the requests of earlier ones may be over. */
const SEPARATE = { size: 4, every: 250 }
const LOOK_EVERY = 25

/**
 * A few requests run the work, each for itself. The others look, by timers of their own, whether
 * one of those has ended, and take its result.
 */
function separateFlights<T>(
  work: () => Promise<T>,
  runtime: Pick<Runtime, 'monotonic' | 'schedule'>,
): SingleFlight<T> {
  const bucket = createTokenBucket(runtime, SEPARATE)
  let ended = 0
  let result: () => T

  async function ownRun(): Promise<T> {
    try {
      const value = await work()
      result = () => value
    } catch (error) {
      result = () => {
        throw error
      }
    }
    ended += 1
    return result()
  }

  async function run(): Promise<T> {
    const before = ended
    while (!bucket.take()) {
      await pause(runtime, LOOK_EVERY).ended
      if (ended !== before) return result()
    }
    return ownRun()
  }

  return { run, current: undefined }
}
