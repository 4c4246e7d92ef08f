/*
 * Follows the decisions of an API on this machine that mounted the handler for it, again after the
 * API was restarted.
 */
import { isLoopback } from '../loopback.js'
import { systemFetch, type Runtime } from '../runtime.js'
import type { WatchedDecision } from './entries.js'

/** Where an API publishes its decisions, by convention. */
export const WATCH_PATH = '/.verifier-guard/decisions'

const AGAIN = 1_000
const LONGEST_LINE = 65_536

interface Following {
  readonly url: string
  readonly runtime: Runtime
  readonly made: (decision: WatchedDecision) => void
}

/**
 * The address of an API's decisions.
 *
 * @throws Error unless it is on this machine
 */
export function watchAddress(text: string): string {
  const expected = 'Expected watch to be the http address of an API on this machine'
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new Error(`${expected}, for example http://127.0.0.1:3000; found "${text}".`)
  }
  if (url.protocol !== 'http:' || !isLoopback(url.hostname))
    throw new Error(`${expected}; found "${url.origin}". Decisions are read on loopback only.`)
  return url.pathname === '/' ? new URL(WATCH_PATH, url).href : url.href
}

/** Follows an API until it is stopped. @returns the way to stop */
export function follow(following: Following): () => void {
  const stopped = new AbortController()
  let cancel = (): void => {}
  const again = (): void => {
    if (!stopped.signal.aborted) cancel = following.runtime.schedule(attempt, AGAIN)
  }
  const attempt = (): void => void readAll(following, stopped.signal).then(again, again)
  attempt()
  return () => {
    cancel()
    stopped.abort()
  }
}

async function readAll({ url, made }: Following, signal: AbortSignal): Promise<void> {
  const response = await systemFetch(url, { signal, redirect: 'error' })
  // A body that is not read keeps its connection until it is cancelled.
  if (!response.ok) return response.body?.cancel()
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!.slice(0, LONGEST_LINE)
    for (const line of lines) read(line, made)
  }
}

function read(line: string, made: Following['made']): void {
  if (!line.startsWith('data: ')) return
  try {
    made(decisionOf(JSON.parse(line.slice('data: '.length)) as Record<string, unknown>))
  } catch {
    // What is no decision is not shown: the API may be of another version.
  }
}

function decisionOf(value: Readonly<Record<string, unknown>>): WatchedDecision {
  const text = (name: string) => (typeof value[name] === 'string' ? { [name]: value[name] } : {})
  const checks = (value['checks'] as { name: unknown; verdict: unknown }[]).slice(0, 30)
  return {
    result: value['result'] === 'allowed' ? 'allowed' : 'denied',
    status: Number(value['status'] ?? 200),
    ...text('code'),
    ...text('expected'),
    ...text('actual'),
    ...text('cure'),
    checks: checks.map(({ name, verdict }) => ({ name: String(name), verdict: String(verdict) })),
  }
}
