import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2Server, Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import {
  createResourceServer,
  type GuardError,
  type ResourceServer,
  type ResourceServerOptions,
} from '@verifier-guard/core'

/** An API that answers each request with the code of its decision. */
export interface Api {
  readonly resourceServer: ResourceServer
  readonly decide: (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ) => void
  /** What ends it. */
  readonly ends: (() => unknown)[]
  /** Starts a server on loopback, until the end. @returns its port */
  listening(server: Server | Http2Server): Promise<number>
}

/** Makes an API. */
export function createApi(options: ResourceServerOptions): Api {
  const resourceServer = createResourceServer(options)
  const ends: (() => unknown)[] = [() => resourceServer.close()]
  return {
    resourceServer,
    ends,
    decide: (request, response) => {
      const answer = (status: number, code: string) => {
        response.writeHead(status)
        response.end(code)
      }
      resourceServer.authenticate(request).then(
        () => answer(200, 'accepted'),
        ({ status, code }: GuardError) => answer(status, code),
      )
    },
    async listening(server) {
      ends.push(() => server.close())
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return (server.address() as AddressInfo).port
    },
  }
}
