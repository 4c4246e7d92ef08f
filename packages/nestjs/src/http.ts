/* Calls of HTTP and GraphQL: where their request is, and how they are refused. */
import { HttpException, type ArgumentsHost } from '@nestjs/common'
import type { GuardError, HeaderFields, RequestLike } from '@verifier-guard/core'
import type { CredentialTransport } from './transport.js'

/** Fastify's request holds Node's own, the only one that shows a field that was sent twice. */
type PlatformRequest = RequestLike & { readonly raw?: RequestLike }

/** Express' response is Node's own, Fastify's reply holds one. */
interface PlatformResponse {
  readonly sent?: boolean
  readonly headersSent?: boolean
  readonly raw?: { readonly headersSent: boolean }
  header(name: string, value: string | string[]): unknown
}

/** HTTP, on Express and on Fastify. */
export const http: CredentialTransport = Object.freeze<CredentialTransport>({
  type: 'http',
  request(host) {
    const request = host.switchToHttp().getRequest<PlatformRequest>()
    return request.raw ?? request
  },
  answer: (fields, host) => setFields(fields, host.switchToHttp().getResponse()),
  refusal(error, host) {
    const response = host.switchToHttp().getResponse<PlatformResponse>()
    // A filter would answer a second time.
    if (isAnswered(response)) return new Promise(() => undefined)
    // Nest's own filter sends only the body and the status of an exception.
    setFields(error.headers, response)
    return httpException(error)
  },
})

function setFields(fields: HeaderFields, response: PlatformResponse | undefined): void {
  if (response === undefined || isAnswered(response)) return
  for (const [name, value] of Object.entries(fields)) response.header(name, value)
}

/** A time-out may have answered while the guard waited for keys. */
function isAnswered(response: PlatformResponse): boolean {
  return response.sent === true || (response.raw ?? response).headersSent === true
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
  readonly res?: PlatformResponse
  readonly request?: PlatformRequest
  readonly extra?: { readonly request?: PlatformRequest }
  readonly reply?: PlatformResponse & { readonly request?: PlatformRequest }
}

/**
 * GraphQL: Apollo (`req`), Mercurius (`reply.request`), and subscriptions over `graphql-ws`
 * (`extra.request`, which Apollo's driver has in `req`). One answer serves all fields of a query,
 * and gets what each of them adds.
 */
export const graphql: CredentialTransport = Object.freeze<CredentialTransport>({
  type: 'graphql',
  request(host) {
    const { req, request, extra, reply } = graphqlContext(host)
    const candidates = [req, request, req?.extra?.request, extra?.request, reply?.request]
    const found = candidates.find((candidate) => typeof candidate?.headers === 'object')
    return found?.raw ?? found
  },
  answer: (fields, host) => setFields(fields, graphqlResponse(host)),
  refusal(error, host) {
    setFields(error.headers, graphqlResponse(host))
    const extensions = { code: GRAPHQL_CODES[error.status], ...error.body }
    return Object.assign(httpException(error), { extensions })
  },
})

function graphqlContext(host: ArgumentsHost): GraphqlContext {
  return host.getArgs<(GraphqlContext | undefined)[]>().at(-2) ?? {}
}

/** Express' request knows its response, Fastify's does not. Sockets of subscriptions have none. */
function graphqlResponse(host: ArgumentsHost): PlatformResponse | undefined {
  const { req, res, reply } = graphqlContext(host)
  return [res, req?.res, reply].find((candidate) => typeof candidate?.header === 'function')
}

/** The error as Nest's own. Nest sends its message to callers, so it is the public text. */
export function httpException(error: GuardError): HttpException {
  const exception = new HttpException(error.body, error.status, { cause: error })
  // Nest derives a message from strings alone.
  exception.message = error.body.error_description
  return exception
}
