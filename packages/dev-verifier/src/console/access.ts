/*
 * Who may use the console: this machine alone, or the holder of the access token that the command
 * prints, and no page of another origin.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isLoopback } from '../loopback.js'

/** How others than this machine get access. */
export interface Access {
  /** What a request has to send; `undefined` where only this machine can reach the console. */
  readonly token: string | undefined
}

const COOKIE = 'verifier-guard-console'
/** A page of another site can start these and must read nothing of them (Fetch Metadata §2). */
const FOREIGN_SITES = ['cross-site', 'same-site']

/** Headers of every answer: nothing is loaded from elsewhere, framed, cached, or read by others. */
export const SAFE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** Refuses a request of another host, another origin, or without the access token. */
export function refuseStrangers(request: Request, { token }: Access): Response | undefined {
  const url = new URL(request.url)
  const host = request.headers.get('host') ?? ''
  const name = hostnameOf(host)
  // DNS rebinding: the name of an attacker's page that resolves to this machine.
  if (token === undefined && !isLoopback(name) && !name.endsWith('.localhost'))
    return refusal(421, `The console answers for loopback addresses alone, and not for this host.`)
  if (isForeign(request, host))
    return refusal(403, 'The console takes no requests from pages of other origins.')
  if (token === undefined || isEqual(sentToken(request), token)) return undefined
  const offered = url.searchParams.get('token')
  if (request.method === 'GET' && offered !== null && isEqual(offered, token))
    return enter(url.pathname, token)
  return refusal(401, 'Open the console by the address that the command printed, with its token.')
}

function hostnameOf(host: string): string {
  return new URL(`http://${host}`).hostname.replace(/\.$/, '')
}

/** A program such as curl sends neither field; a browser sends one of them with every request. */
function isForeign(request: Request, host: string): boolean {
  const origin = request.headers.get('origin')
  if (origin !== null && origin !== `http://${host}` && origin !== `https://${host}`) return true
  const site = request.headers.get('sec-fetch-site') ?? 'none'
  const isLink = request.method === 'GET' && request.headers.get('sec-fetch-mode') === 'navigate'
  return FOREIGN_SITES.includes(site) && !isLink
}

function sentToken(request: Request): string {
  const pairs = (request.headers.get('cookie') ?? '').split(/; */)
  const bearer = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
  return bearer ?? pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.split('=')[1] ?? ''
}

function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

/** The token moves into a cookie, out of the address and the history. */
function enter(location: string, token: string): Response {
  const cookie = `${COOKIE}=${token}; Path=/console; HttpOnly; SameSite=Strict`
  return new Response(null, {
    status: 303,
    headers: { ...SAFE_HEADERS, location, 'set-cookie': cookie },
  })
}

function refusal(status: number, text: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { ...SAFE_HEADERS, 'content-type': 'text/plain;charset=utf-8' },
  })
}
