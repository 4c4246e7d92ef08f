/*
 * A call as core's events know it: until its HTTP answer ends, or until the guard is through with a
 * message or a field.
 */
import type { ExecutionContext } from '@nestjs/common'
import type { RequestLike } from '@verifier-guard/core'
import { endOf, ownEnd, type EndingResponse, type Exchange } from '@verifier-guard/core/support'
import { ownRequest } from './transport.js'

/** Express' and Fastify's request, as far as they tell a route. */
interface PlatformRequest {
  readonly baseUrl?: string
  readonly route?: { readonly path?: unknown }
  readonly routeOptions?: { readonly url?: string }
}

type PlatformResponse = EndingResponse & { readonly raw?: EndingResponse }

/** A call, and how its guard says that it is through: of HTTP, the answer's end says so. */
export interface Call {
  readonly exchange: Exchange
  readonly end: () => void
}

/** The call of a context, with the request that carries its credentials. */
export function exchangeOf(context: ExecutionContext, request: RequestLike): Call {
  const own = ownRequest(context)
  if (context.getType() !== 'http') {
    const { ended, end } = ownEnd()
    return { exchange: { request, own, key: context, ended }, end }
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
