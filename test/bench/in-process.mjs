import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { contestants } from './contestants.mjs'
import { canPin, forkPinned, said } from './cores.mjs'

const SCRIPT = 'against-floor.mjs'

/** Those that take a token and nothing else. */
const WITHOUT_FRAMEWORKS = [
  'floor',
  'verifier-guard',
  'verifier-guard, claims read',
  'jose',
  'aws-jwt-verify',
  'fast-jwt',
]

/**
 * Compares the contestants on one kind of token: each with the floor alone, in a process of its
 * own. What a process has run before changes what its compiler and its heap make of the next.
 */
export function inProcess(algorithm, size, rounds) {
  const start = (parameters) => fork(fileURLToPath(new URL(SCRIPT, import.meta.url)), parameters)
  const names = Object.keys(contestants).filter((name) =>
    (contestants[name].algorithms ?? [algorithm]).includes(algorithm),
  )
  const uncached = names.filter((name) => !contestants[name].cached)
  const cases = [
    ['cold, one at a time', uncached],
    ['cold, 16 in flight', uncached],
    ['warm', names.filter((name) => name === 'floor' || contestants[name].cached)],
  ]
  return compare({ algorithm, size, rounds, start }, cases)
}

/** The same on new tokens, where there is one core for everything, as in most containers. */
export async function onOneCore(rounds) {
  if (!canPin) return undefined
  const start = (parameters) => forkPinned(SCRIPT, parameters)
  const cases = [['cold, 16 in flight', WITHOUT_FRAMEWORKS]]
  const results = []
  for (const algorithm of ['ES256', 'RS256'])
    results.push(...(await compare({ algorithm, size: '1.8 kB', rounds, start }, cases)))
  return results
}

async function compare({ algorithm, size, rounds, start }, cases) {
  const results = []
  for (const [name, entered] of cases)
    for (const contestant of entered) {
      const child = start([algorithm, size, name, contestant, `${rounds}`])
      results.push({ algorithm, size, case: name, contestant, ...(await said(child)) })
    }
  return results
}
