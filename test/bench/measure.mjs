import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

/** Time on a CPU of the main thread alone, in microseconds, where the system tells. */
function mainThread() {
  if (process.threadCpuUsage) {
    const { user, system } = process.threadCpuUsage()
    return user + system
  }
  try {
    return (
      Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) /
      1_000
    )
  } catch {
    return NaN
  }
}

function allThreads() {
  const { user, system } = process.cpuUsage()
  return user + system
}

/**
 * Runs an operation over all inputs with so many in flight; microseconds per operation: by the
 * clock, of the main thread, of all.
 */
export async function measure(operation, inputs, inFlight) {
  const before = [performance.now() * 1_000, mainThread(), allThreads()]
  await (inFlight === 1 ? oneByOne(operation, inputs) : inLanes(operation, inputs, inFlight))
  const after = [performance.now() * 1_000, mainThread(), allThreads()]
  const [wall, main, all] = after.map((end, index) => (end - before[index]) / inputs.length)
  return { wall, main, all }
}

async function oneByOne(operation, inputs) {
  for (const input of inputs) {
    const result = operation(input)
    if (result instanceof Promise) await result
  }
}

async function inLanes(operation, inputs, count) {
  let next = 0
  const lane = async () => {
    while (next < inputs.length) await operation(inputs[next++])
  }
  await Promise.all(Array.from({ length: count }, lane))
}

/** The mean of what was measured slice by slice. */
export function mean(slices) {
  const of = (kind) => slices.reduce((sum, slice) => sum + slice[kind], 0) / slices.length
  return { wall: of('wall'), main: of('main'), all: of('all') }
}

/** Median and quartiles. */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share) => {
    const place = (sorted.length - 1) * share
    const low = Math.floor(place)
    return sorted[low] + (sorted[Math.ceil(place)] - sorted[low]) * (place - low)
  }
  return { median: at(0.5), q1: at(0.25), q3: at(0.75) }
}
