import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { calculateJwkThumbprint, decodeJwt, EmbeddedJWK, jwtVerify } from 'jose'
import { serve } from './support.js'

/** What an API saw of one request. */
export interface SeenRequest {
  readonly authorization: string
  readonly proof: Readonly<Record<string, unknown>>
  readonly jkt: string
  readonly body: string
}

interface BoundApiOptions {
  /** The nonce that proofs must have, asked for at each request. */
  readonly nonce?: () => string | undefined
  /** Milliseconds that its clock is ahead of this machine. */
  readonly ahead?: number
  /** Milliseconds since 1970, on this machine. */
  readonly now?: () => number
  /** Answers a request whose proof is good, given how many were. */
  readonly answer?: (count: number, response: ServerResponse, request: IncomingMessage) => void
}

const hash = (token: string) => createHash('sha256').update(token).digest('base64url')

/** An API that checks tokens and proofs by another implementation, after RFC 9449 §4.3 and §7.1. */
export async function startBoundApi(options: BoundApiOptions = {}) {
  const { nonce = () => undefined, ahead = 0, now = () => Date.now() } = options
  const seen: SeenRequest[] = []
  const refused: string[] = []
  const spent = new Set<unknown>()
  const answer = options.answer ?? ((_, response) => void response.end('ok'))

  async function check(request: IncomingMessage, body: string): Promise<SeenRequest> {
    const {
      authorization = '',
      host,
      method,
      url = '',
    } = request.headers ? { ...request.headers, method: request.method, url: request.url } : {}
    const [, token = ''] = /^DPoP (.+)$/.exec(authorization) ?? []
    const proofs = request.headersDistinct['dpop'] ?? []
    if (token === '' || proofs.length !== 1) throw new Error('scheme, or number of proofs')
    const { payload, protectedHeader } = await jwtVerify(proofs[0]!, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256'],
      requiredClaims: ['jti', 'iat'],
    })
    const age = (now() + ahead) / 1_000 - payload.iat!
    if (age > 60 || age < -10) throw new Error('time')
    if (spent.has(payload.jti)) throw new Error('jti')
    spent.add(payload.jti)
    const path = new URL(url, 'http://x').pathname
    if (payload.htm !== method || payload.htu !== `http://${host}${path}`) throw new Error('target')
    if (payload.ath !== hash(token)) throw new Error('ath')
    const jkt = await calculateJwkThumbprint(protectedHeader.jwk!)
    if (decodeJwt<{ cnf: { jkt: string } }>(token).cnf.jkt !== jkt) throw new Error('binding')
    if (nonce() !== undefined && payload.nonce !== nonce()) throw new Error('nonce')
    return { authorization, proof: payload, jkt, body }
  }

  const origin = await serve((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const expected = nonce()
      if (expected !== undefined) response.setHeader('dpop-nonce', expected)
      response.setHeader('date', new Date(now() + ahead).toUTCString())
      check(request, body).then(
        (one) => answer(seen.push(one), response, request),
        (error: Error) => {
          refused.push(error.message)
          const code = error.message === 'nonce' ? 'use_dpop_nonce' : 'invalid_dpop_proof'
          const challenge = `DPoP error="${code}", error_description="no, no", algs="ES256"`
          response.writeHead(401, { 'www-authenticate': ['Bearer realm="api"', challenge] }).end()
        },
      )
    })
  })
  return { origin, seen, refused }
}
