/*
 * Shows a developer's console each decision of this process, as it is made. Decisions in by the
 * diagnostics channels; server-sent events (HTML Living Standard §9.2) out, on loopback alone.
 */
import { configurationError, type DenialCheck } from '../kit/errors.js'
import type { GuardEvents } from '../kit/events.js'
import { nodeDiagnostics } from '../kit/node.js'
import { cureOf } from './cures.js'

/** What is read of a request: Node's `IncomingMessage` has it. */
export interface WatchRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** What is used of a response: Node's `ServerResponse` has it. */
export interface WatchResponse {
  writeHead(status: number, headers: Record<string, string>): unknown
  write(text: string): unknown
  end(text?: string): unknown
  on(event: 'close', listener: () => void): unknown
}

/** Where the console looks for the handler. */
export const WATCH_PATH = '/.verifier-guard/decisions'

const LAST = 'requirements'
/** The part of a decision that each check belongs to, in the order of the parts. */
export const PART_OF: Readonly<Record<Exclude<DenialCheck, 'options'>, string>> = {
  token: 'request',
  jws: 'form',
  issuer: 'issuer',
  algorithms: 'algorithm',
  'key-set': 'signature',
  key: 'signature',
  signature: 'signature',
  claims: 'claims',
  credential: 'credential',
  'credential-policy': 'credential',
  binding: 'binding',
  proof: 'binding',
  nonce: 'binding',
  replay: 'binding',
  certificate: 'binding',
  requirements: LAST,
  status: LAST,
}
const PARTS = [...new Set(Object.values(PART_OF))]

/**
 * Makes a handler that shows the console of the development Verifier
 * (`verifier-guard dev --watch`) what this process decides, each check ticked or crossed.
 *
 * For development alone: mount it at `/.verifier-guard/decisions`, outside of what is protected. It
 * answers this machine alone, and no page of another origin. It refuses to be made with
 * `NODE_ENV=production`, and a request that came through a proxy. It sends neither tokens nor
 * whose they are.
 *
 * @returns a handler for Node's `http`, and for every framework that hands on its request and
 *   response
 * @throws {GuardError} `invalid_configuration` with `NODE_ENV=production`, and where there are no
 *   diagnostics channels
 * @example
 * ```ts
 * import { watchDecisions, WATCH_PATH } from '@verifier-guard/core/explain'
 * import express from 'express'
 *
 * const app = express()
 * if (process.env['NODE_ENV'] === 'development') app.get(WATCH_PATH, watchDecisions())
 * ```
 */
export function watchDecisions(): (request: WatchRequest, response: WatchResponse) => void {
  if (nodeDiagnostics === undefined || isProduction())
    throw configurationError(
      'watchDecisions() on Node, in development',
      nodeDiagnostics === undefined ? 'another runtime' : 'NODE_ENV=production',
      'mount it only where NODE_ENV is "development"',
    )
  const { subscribe, unsubscribe } = nodeDiagnostics
  return (request, response) => {
    const why = refusal(request)
    if (why !== undefined) {
      response.writeHead(403, { 'content-type': 'text/plain' })
      response.end(`${why}\n`)
      return
    }
    const send = (decision: object) => response.write(`data: ${JSON.stringify(decision)}\n\n`)
    const onAllowed = () => send(allowed)
    const onDenied = (event: unknown) => send(denied(event as GuardEvents['denied']))
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write('retry: 1000\n\n')
    subscribe('verifier-guard:allowed', onAllowed)
    subscribe('verifier-guard:denied', onDenied)
    response.on('close', () => {
      unsubscribe('verifier-guard:allowed', onAllowed)
      unsubscribe('verifier-guard:denied', onDenied)
    })
  }
}

function isProduction(): boolean {
  const host = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process
  return host?.env?.['NODE_ENV']?.trim().toLowerCase() === 'production'
}

/** Header fields that a proxy adds: behind one, every caller seems to be on this machine. */
const BY_PROXY = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']

function refusal({ headers, socket }: WatchRequest): string | undefined {
  if (!isLoopback(socket.remoteAddress ?? '')) return 'Decisions are shown on loopback only.'
  if (BY_PROXY.some((name) => headers[name] !== undefined))
    return 'Decisions are not shown through a proxy.'
  // DNS rebinding: the name of an attacker's page that resolves to this machine.
  const host = `${String(headers['host'])}`.replace(/:\d+$/, '')
  if (!isLoopback(host.replace(/^\[|\]$/g, '')))
    return 'Decisions are shown to loopback hosts only.'
  if (headers['origin'] !== undefined || headers['sec-fetch-site'] !== undefined)
    return 'Decisions are not shown to pages: open the console of the development Verifier.'
  return undefined
}

function isLoopback(host: string): boolean {
  return /^(?:(?:::ffff:)?127\.\d+\.\d+\.\d+|::1|localhost)$/i.test(host)
}

const allowed = Object.freeze({
  result: 'allowed',
  checks: PARTS.filter((name) => name !== LAST).map((name) => ({ name, verdict: 'passed' })),
})

/** Everything before the check that refused has passed; nothing after it was asked. */
function denied({ code, status, check, expected, actual, hint }: GuardEvents['denied']): object {
  // A requirement of the application may state a check of its own.
  const part: string = Object.hasOwn(PART_OF, check) ? PART_OF[check as keyof typeof PART_OF] : LAST
  const at = PARTS.indexOf(part)
  const checks = PARTS.map((name, index) => ({
    name,
    verdict: index < at ? 'passed' : index === at ? 'failed' : 'skipped',
  }))
  const cure = cureOf(code, hint === undefined ? {} : { hint })
  return { result: 'denied', code, status, expected, actual, cure, checks }
}
