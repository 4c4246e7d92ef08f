/*
 * A call as core's events know it. A request of HTTP lasts until its answer ends; a message or a
 * field of GraphQL until its guard has decided.
 */
import type { ExecutionContext } from '@nestjs/common'
import type { RequestLike } from '@verifier-guard/core'
import { endOf, ownEnd, type EndingResponse, type Exchange } from '@verifier-guard/core/support'
import { ownRequest } from './transport.js'

/** Express' and Fastify's request, as far as they know a route. */
interface PlatformRequest {
  readonly baseUrl?: string
  readonly route?: { readonly path?: unknown }
  readonly routeOptions?: { readonly url?: string }
}

type PlatformResponse = EndingResponse & { readonly raw?: EndingResponse }

/** A call, and how its guard says that it has decided. In HTTP, the end of the answer says so. */
export interface Call {
  readonly exchange: Exchange
  readonly end: () => void
}

/** The call of a context, with the request that carries its credentials. */
export function exchangeOf(context: ExecutionContext, request: RequestLike): Call {
  const own = ownRequest(context)
  if (context.getType() !== 'http') {
    const { ended, end } = ownEnd()
    // Nest does not say which guard is the last: each publishes what it decided.
    return { exchange: { request, own, key: {}, ended }, end }
  }
  const response = context.switchToHttp().getResponse<PlatformResponse>()
  const route = () => routeOf(own)
  return {
    exchange: { request, own, key: request, route, ended: endOf(response.raw ?? response) },
    end: () => {},
  }
}

function routeOf({ baseUrl = '', route, routeOptions }: PlatformRequest): string | undefined {
  if (routeOptions !== undefined) return routeOptions.url
  return route === undefined ? undefined : baseUrl + String(route.path)
}
