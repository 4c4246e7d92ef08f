import { HttpException, type ArgumentsHost } from '@nestjs/common'
import type { GuardError, HeaderFields, RequestLike } from '@verifier-guard/core'
import type { CredentialTransport } from './transport.js'

/** Fastify's request holds Node's, which alone shows a field that was sent twice. */
type PlatformRequest = RequestLike & { readonly raw?: RequestLike }

interface PlatformResponse {
  header(name: string, value: string | string[]): unknown
}

/** HTTP, on Express and on Fastify. */
export const http: CredentialTransport = Object.freeze<CredentialTransport>({
  type: 'http',
  request(host) {
    const request = host.switchToHttp().getRequest<PlatformRequest>()
    return request.raw ?? request
  },
  answer: setFields,
  refusal(error, host) {
    // Nest's own filter sends an exception's body and status alone, so the fields are set before.
    setFields(error.headers, host)
    return httpException(error)
  },
})

function setFields(fields: HeaderFields, host: ArgumentsHost): void {
  const response = host.switchToHttp().getResponse<PlatformResponse>()
  for (const [name, value] of Object.entries(fields)) response.header(name, value)
}

/** What clients of GraphQL servers know to look for in `extensions.code`. */
const GRAPHQL_CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
}

/** What the driver or the application puts into the GraphQL context. */
interface GraphqlContext {
  readonly req?: PlatformRequest & GraphqlContext
  readonly request?: PlatformRequest
  readonly extra?: { readonly request?: PlatformRequest }
  readonly reply?: { readonly request?: PlatformRequest }
}

/**
 * GraphQL: Apollo (`req`), Mercurius (`reply.request`), and subscriptions over `graphql-ws`
 * (`extra.request`, which Apollo's driver has in `req`).
 */
export const graphql: CredentialTransport = Object.freeze<CredentialTransport>({
  type: 'graphql',
  request(host) {
    const { req, request, extra, reply } =
      host.getArgs<(GraphqlContext | undefined)[]>().at(-2) ?? {}
    const candidates = [req, request, req?.extra?.request, extra?.request, reply?.request]
    const found = candidates.find((candidate) => typeof candidate?.headers === 'object')
    return found?.raw ?? found
  },
  refusal: (error) =>
    Object.assign(httpException(error), {
      extensions: { code: GRAPHQL_CODES[error.status], ...error.body },
    }),
})

/**
 * The error as Nest's own: its message reaches callers, who are told no more than the public text.
 */
export function httpException(error: GuardError): HttpException {
  const exception = new HttpException(error.body, error.status, { cause: error })
  // Nest derives a message from strings alone.
  exception.message = error.body.error_description
  return exception
}
