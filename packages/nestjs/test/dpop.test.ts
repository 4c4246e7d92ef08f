import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import { Controller, Get, UseGuards, type INestApplication } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql'
import { WsAdapter } from '@nestjs/platform-ws'
import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets'
import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { io } from 'socket.io-client'
import request from 'supertest'
import { WebSocket } from 'ws'
import { mint, RESOURCE, trust } from '../../../test/dpop/api.js'
import { createHolder } from '../../../test/dpop/holder.js'
import {
  AccessTokenGuard,
  Auth,
  RequiredBinding,
  Scopes,
  systemRuntime,
  VerifierGuardModule,
  type AuthContext,
} from '../src/index.js'
import { rememberUpgrade, websockets } from '../src/websockets.js'
import { start } from './application.js'

const options = { ...trust, resource: RESOURCE, events: { denied: () => {} } }
const holder = createHolder()
const now = () => Math.floor(Date.now() / 1_000)
const bound = () => mint({ cnf: { jkt: holder.jkt } }, now())
const unbound = () => mint({}, now())

/** Fields with a token and a proof for this path. */
function shown(path: string, method = 'GET') {
  const token = bound()
  const dpop = holder.proof({ url: RESOURCE + path, method, token })
  return { authorization: `DPoP ${token}`, dpop }
}

@Controller('payments')
@UseGuards(AccessTokenGuard)
class Payments {
  @Get()
  @RequiredBinding('dpop')
  list(@Auth() auth: AuthContext): object {
    return { scheme: auth.scheme, ...auth.confirmation }
  }

  @Get('open')
  open(@Auth() auth: AuthContext): object {
    return { scheme: auth.scheme }
  }
}

describe('@RequiredBinding', () => {
  let app: INestApplication<Server>
  beforeAll(async () => {
    const imports = [VerifierGuardModule.forRoot(options)]
    app = await start({ imports, controllers: [Payments] })
  })
  afterAll(() => app.close())

  test('lets a bound token through, with its proof', async () => {
    const answer = await request(app.getHttpServer()).get('/payments').set(shown('/payments'))
    expect(answer.body).toEqual({ scheme: 'DPoP', jkt: holder.jkt })
  })

  test('refuses a bearer token with a DPoP challenge, on that route alone', async () => {
    const server = app.getHttpServer()
    const authorization = `Bearer ${unbound()}`
    const refused = await request(server).get('/payments').set({ authorization })
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toMatch(/^DPoP .*error="invalid_token".*algs=/)
    const passed = await request(server).get('/payments/open').set({ authorization })
    expect(passed.body).toEqual({ scheme: 'Bearer' })
  })
})

@Resolver()
class Orders {
  @Query(() => String)
  one(@Auth() auth: AuthContext): string {
    return auth.scheme
  }

  @Query(() => String)
  other(@Auth() auth: AuthContext): string {
    return auth.scheme
  }
}

test('GraphQL: the fields of a query share its proof, which then is used up', async () => {
  const module = GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
    includeStacktraceInErrorResponses: false,
  })
  const app = await start({
    imports: [module, VerifierGuardModule.forRoot(options)],
    providers: [Orders, { provide: APP_GUARD, useExisting: AccessTokenGuard }],
  })
  const fields = shown('/graphql', 'POST')
  const ask = () =>
    request(app.getHttpServer())
      .post('/graphql')
      .set(fields)
      .send({ query: '{ one other again: one }' })
  expect(((await ask()).body as { data: unknown }).data).toEqual({
    one: 'DPoP',
    other: 'DPoP',
    again: 'DPoP',
  })
  expect((await ask()).body).toMatchObject({
    data: null,
    errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  })
  await app.close()
})

@Resolver()
class Closed {
  @Query(() => String)
  @RequiredBinding('dpop')
  open(): string {
    return 'open'
  }

  @Query(() => String)
  @Scopes('orders:admin')
  closed(): string {
    return 'closed'
  }
}

describe('GraphQL: the fields of the answer reach the client', () => {
  let ahead = 0
  const runtime = { ...systemRuntime, now: () => systemRuntime.now() + ahead }
  const nonce = { secrets: ['a-secret-that-all-instances-share-0001'] }
  const trusting = VerifierGuardModule.forRoot({ ...options, runtime, dpop: { nonce } })
  let app: INestApplication<Server>
  beforeAll(async () => {
    const module = GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      includeStacktraceInErrorResponses: false,
    })
    const guard = { provide: APP_GUARD, useExisting: AccessTokenGuard }
    app = await start({ imports: [module, trusting], providers: [Closed, guard] })
  })
  afterAll(() => app.close())

  function ask(query: string, nonce?: string) {
    const token = bound()
    const url = `${RESOURCE}/graphql`
    const dpop = holder.proof({ url, method: 'POST', token, ...(nonce && { nonce }) })
    const fields = { authorization: `DPoP ${token}`, dpop }
    return request(app.getHttpServer()).post('/graphql').set(fields).send({ query })
  }

  test.each([
    ['a success', '{ open }', { open: 'open' }],
    ['a refusal by a decorator', '{ closed }', null],
  ])('the nonce with a refusal, and the new one with %s', async (_, query, data) => {
    ahead = 0
    const refused = await ask('{ open }')
    expect(refused.headers['www-authenticate']).toMatch(/^DPoP .*error="use_dpop_nonce"/)
    ahead = 200_000
    const answer = await ask(query, refused.headers['dpop-nonce'])
    expect((answer.body as { data: unknown }).data).toEqual(data)
    expect(answer.headers['dpop-nonce']).toMatch(/^[\da-z]+\.[\w-]{22}$/)
    expect(answer.headers['cache-control']).toContain('no-store')
  })
})

@WebSocketGateway()
@UseGuards(AccessTokenGuard)
class Gateway implements OnGatewayConnection {
  handleConnection(client: object, upgrade: IncomingMessage | undefined): void {
    if (upgrade !== undefined) rememberUpgrade(client, upgrade)
  }

  @SubscribeMessage('order')
  @RequiredBinding('dpop')
  order(): object {
    return { event: 'accepted', data: {} }
  }
}

async function listening(adapt?: (app: INestApplication) => void) {
  const imports = [VerifierGuardModule.forRoot({ ...options, transports: [websockets()] })]
  const app = await start({ imports, providers: [Gateway] }, undefined, adapt)
  await app.listen(0, '127.0.0.1')
  return { app, port: (app.getHttpServer().address() as AddressInfo).port }
}

describe('a gateway', () => {
  test('decides on every message by the proof of the upgrade, on ws', async () => {
    const { app, port } = await listening((app) => void app.useWebSocketAdapter(new WsAdapter(app)))
    const ask = async (headers: Record<string, string>, times: number) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers })
      await once(socket, 'open')
      const events: string[] = []
      for (let time = 0; time < times; time += 1) {
        socket.send(JSON.stringify({ event: 'order', data: {} }))
        const [message] = (await once(socket, 'message')) as [Buffer]
        events.push((JSON.parse(message.toString()) as { event: string }).event)
      }
      socket.terminate()
      return events
    }
    const fields = shown('/')
    expect(await ask(fields, 3)).toEqual(['accepted', 'accepted', 'accepted'])
    // The proof of one connection opens no other.
    expect(await ask(fields, 1)).toEqual(['exception'])
    expect(await ask({ authorization: fields.authorization }, 1)).toEqual(['exception'])
    await app.close()
  })

  test('on socket.io: the proof of the handshake counts, a token without one does not', async () => {
    const { app, port } = await listening()
    const ask = async (more: object) => {
      const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], ...more })
      const event = await new Promise<string>((resolve) => {
        for (const name of ['accepted', 'exception']) socket.once(name, () => resolve(name))
        socket.emit('order', {})
      })
      socket.close()
      return event
    }
    expect(await ask({ extraHeaders: shown('/socket.io/') })).toBe('accepted')
    expect(await ask({ auth: { token: bound() } })).toBe('exception')
    await app.close()
  })
})
