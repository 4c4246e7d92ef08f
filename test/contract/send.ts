import { request, type IncomingHttpHeaders } from 'node:http'
import type { RequestHeaders } from './cases.js'

export interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Sends one request, each field as often as it has values: `fetch` would join them. */
export function send(url: string, method: string, headers: RequestHeaders = {}): Promise<Received> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: false }, (response) => {
      const { statusCode: status = 0, headers } = response
      response
        .toArray()
        .then((chunks) => resolve({ status, headers, body: chunks.join('') }), reject)
    })
    for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value)
    sent.once('error', reject).end()
  })
}
