import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import { Controller, Get, Module, UseGuards, type INestApplication } from '@nestjs/common'
import { APP_GUARD, NestFactory, type AbstractHttpAdapter } from '@nestjs/core'
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql'
import {
  ClientProxyFactory,
  MessagePattern,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { WsAdapter } from '@nestjs/platform-ws'
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets'
import { EventEmitter, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { firstValueFrom } from 'rxjs'
import { WebSocket } from 'ws'
import {
  AccessTokenGuard,
  Scopes,
  VerifierGuardModule,
  type RequestLike,
  type VerifierGuardOptions,
} from '../src/index.js'
import { microservices } from '../src/microservices.js'
import { rememberUpgrade, websockets } from '../src/websockets.js'
import { createWorld } from './application.js'

/** The guard stands before every handler three times: for the application, its class and itself. */
@Controller('orders')
@UseGuards(AccessTokenGuard)
class Orders {
  @Get()
  @Scopes('read')
  @UseGuards(AccessTokenGuard)
  list() {
    return 'in'
  }

  @MessagePattern('order')
  @Scopes('read')
  @UseGuards(AccessTokenGuard)
  order() {
    return 'in'
  }
}

@Resolver()
@UseGuards(AccessTokenGuard)
class OrderQueries {
  @Query(() => String)
  @Scopes('read')
  @UseGuards(AccessTokenGuard)
  orders() {
    return 'in'
  }
}

@WebSocketGateway()
@UseGuards(AccessTokenGuard)
class Gateway {
  handleConnection(client: object, upgrade: RequestLike) {
    rememberUpgrade(client, upgrade)
  }

  @SubscribeMessage('order')
  @Scopes('read')
  @UseGuards(AccessTokenGuard)
  order() {
    return { event: 'accepted', data: {} }
  }
}

const { verifier, options } = createWorld()
const published: string[] = []
const notes = new EventEmitter()
const note = (name: string) => () => {
  published.push(name)
  notes.emit('published')
}
const events = { allowed: note('allowed'), denied: note('denied') }
const authorization = (data: unknown) => (data as { authorization?: string }).authorization
const trust: VerifierGuardOptions = {
  ...options,
  events,
  transports: [websockets(), microservices({ authorization })],
}

/** A call of each kind, with the credentials of a header. */
type Ask = (authorization: string | undefined) => Promise<unknown>

const headersOf = (authorization?: string): Record<string, string> =>
  authorization === undefined ? {} : { authorization }

async function start(adapter: AbstractHttpAdapter, more: object = {}) {
  class App {}
  Module({
    imports: [VerifierGuardModule.forRoot(trust)],
    controllers: [Orders],
    providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }],
    ...more,
  })(App)
  return NestFactory.create(App, adapter, { logger: false })
}

const portOf = (app: INestApplication) =>
  (app.getHttpServer() as { address(): AddressInfo }).address().port

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('over HTTP on %s', (_, adapter) => {
  let app: INestApplication
  beforeAll(async () => {
    app = await start(adapter())
    await app.listen(0, '127.0.0.1')
  })
  afterAll(() => app.close())
  hold((authorization) =>
    fetch(`http://127.0.0.1:${portOf(app)}/orders`, { headers: headersOf(authorization) }),
  )
})

describe('elsewhere', () => {
  let app: INestApplication
  let client: ClientProxy
  beforeAll(async () => {
    const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
    })
    app = await start(new ExpressAdapter(), {
      imports: [VerifierGuardModule.forRoot(trust), graphql],
      providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }, OrderQueries, Gateway],
    })
    app.useWebSocketAdapter(new WsAdapter(app))
    const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } } as const
    const service = app.connectMicroservice(tcp)
    await app.startAllMicroservices()
    await app.listen(0, '127.0.0.1')
    const { port } = service.unwrap<{ address(): AddressInfo }>().address()
    client = ClientProxyFactory.create({ ...tcp, options: { host: '127.0.0.1', port } })
  })
  afterAll(async () => {
    client.close()
    await app.close()
  })

  describe('a field of GraphQL', () =>
    hold((authorization) =>
      fetch(`http://127.0.0.1:${portOf(app)}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headersOf(authorization) },
        body: JSON.stringify({ query: '{ orders }' }),
      }),
    ))

  describe('a message to a gateway', () =>
    hold(async (authorization) => {
      const headers = headersOf(authorization)
      const socket = new WebSocket(`ws://127.0.0.1:${portOf(app)}`, { headers })
      await once(socket, 'open')
      socket.send(JSON.stringify({ event: 'order', data: {} }))
      await once(socket, 'message')
      socket.terminate()
    }))

  describe('a message to a microservice', () =>
    hold((authorization) =>
      firstValueFrom(client.send<string>('order', headersOf(authorization))).catch(() => undefined),
    ))
})

/** What holds for each kind of call. */
function hold(ask: Ask): void {
  const bearer = (scope: string) => `Bearer ${verifier.mint({ scope })}`

  test.each([
    ['allowed', 'a caller that meets the requirement', () => bearer('read')],
    ['denied', 'a caller that does not', () => bearer('write')],
    ['denied', 'a bad token', () => 'Bearer rubbish'],
    ['denied', 'no credentials', () => undefined],
  ])('exactly one event is published: %s for %s', async (name, _, authorization) => {
    published.length = 0
    const first = once(notes, 'published')
    await ask(authorization())
    await first
    // Where there were a second one, it would come with the next call at the latest.
    const second = once(notes, 'published')
    await ask('Bearer rubbish')
    await second
    expect(published).toEqual([name, 'denied'])
  })
}
