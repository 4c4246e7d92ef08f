import { auth, authOf, createResourceServer, requiredScopes } from '@verifier-guard/fastify'
import Fastify from 'fastify'

const options = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const

export const registered = Fastify()
registered.register(auth, options)
registered.register(auth, { ...options, optional: true, prefix: '/orders' })
registered.register(auth, { resourceServer: createResourceServer(options) })

/** HTTP/2 has a server, requests and replies of its own. */
export const overHttp2 = Fastify({ http2: true })
overHttp2.register(auth(options))
overHttp2.register(auth, options)
overHttp2.addHook('onRequest', requiredScopes('orders:read'))
overHttp2.get<{ Params: { id: string } }>(
  '/orders/:id',
  { onRequest: requiredScopes('orders:read'), preHandler: [requiredScopes('orders:read')] },
  (request) => ({ by: authOf(request).clientId, characters: request.params.id.length }),
)

export const overTls = Fastify({ https: { key: '', cert: '' } })
overTls.register(auth(options))
overTls.get(
  '/orders',
  { onRequest: requiredScopes('orders:read') },
  (request) => authOf(request).clientId,
)
