import {
  Injectable,
  UseGuards,
  UseInterceptors,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common'
import { WsAdapter } from '@nestjs/platform-ws'
import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets'
import type { DevVerifier } from '@verifier-guard/dev-verifier'
import { on, once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { from, lastValueFrom } from 'rxjs'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'
import {
  AccessTokenGuard,
  Auth,
  ClientId,
  createResourceServer,
  Public,
  Scopes,
  systemRuntime,
  VerifierGuardModule,
  whenExpired,
  type AuthContext,
} from '../src/index.js'
import { rememberUpgrade, requestOf, websockets } from '../src/websockets.js'
import { createWorld, start } from './application.js'

/** Lets the handler wait until others of the same client are done. */
@Injectable()
class Late implements NestInterceptor {
  intercept: NestInterceptor['intercept'] = (_, next) =>
    from(wait(30).then(() => lastValueFrom(next.handle())))
}

@WebSocketGateway()
@UseGuards(AccessTokenGuard)
class Gateway implements OnGatewayConnection {
  handleConnection(client: object, upgrade: IncomingMessage | undefined): void {
    if (upgrade !== undefined) rememberUpgrade(client, upgrade)
  }

  @SubscribeMessage('order')
  @Scopes('orders:write')
  order(@Auth() auth: AuthContext): object {
    return { event: 'accepted', data: { client: auth.clientId } }
  }

  @SubscribeMessage('late')
  @Scopes('orders:write')
  @UseInterceptors(Late)
  late(@ClientId() client: string | undefined): object {
    return { event: 'late', data: { client: client ?? 'anonymous' } }
  }

  @SubscribeMessage('public')
  @Public()
  open(@ClientId() client: string | undefined): object {
    return { event: 'public', data: { client: client ?? 'anonymous' } }
  }
}

interface Reply {
  readonly event: string
  readonly data: unknown
}

const { verifier, options } = createWorld()
let ahead = 0
const runtime = { ...options.runtime!, now: () => systemRuntime.now() + ahead }
const mayWrite = (verifier: DevVerifier) => verifier.mint({ scope: 'orders:write' })

async function listening(adapt?: (app: INestApplication) => void, transports = [websockets()]) {
  const imports = [VerifierGuardModule.forRoot({ ...options, runtime, transports })]
  const app = await start({ imports, providers: [Gateway] }, undefined, adapt)
  await app.listen(0, '127.0.0.1')
  return { app, port: (app.getHttpServer().address() as AddressInfo).port }
}

/** A field, or one that is sent twice. */
type Sent = Readonly<Record<string, string | string[]>>

/** One connection, which waits for the answer of a name or an exception. */
interface Connection {
  say(event: string, data?: unknown, answer?: string): Promise<Reply>
  order(): Promise<Reply>
  closed(): Promise<unknown>
  close(): void
}

function plain(port: number, headers: Sent): Connection {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, {
    headers: headers as Record<string, string>,
  })
  const say = async (event: string, data: unknown = {}, answer = event) => {
    if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open')
    socket.send(JSON.stringify({ event, data }))
    for await (const [message] of on(socket, 'message') as AsyncIterable<[Buffer]>) {
      const reply = JSON.parse(message.toString()) as Reply
      if ([answer, 'exception'].includes(reply.event)) return reply
    }
    throw new Error('closed')
  }
  const order = () => say('order', {}, 'accepted')
  return { say, order, closed: () => once(socket, 'close'), close: () => socket.terminate() }
}

function socketIo(port: number, { authorization }: Sent, token?: string): Connection {
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    ...(authorization !== undefined && {
      extraHeaders: { authorization: authorization as string },
    }),
    ...(token !== undefined && { auth: { token } }),
  })
  const say = (event: string, data: unknown = {}, answer = event) =>
    new Promise<Reply>((resolve) => {
      for (const name of [answer, 'exception'])
        socket.once(name, (data: unknown) => resolve({ event: name, data }))
      socket.emit(event, data)
    })
  const closed = () => new Promise((resolve) => socket.once('disconnect', resolve))
  return { say, order: () => say('order', {}, 'accepted'), closed, close: () => socket.close() }
}

describe.each([
  ['ws', (app: INestApplication) => void app.useWebSocketAdapter(new WsAdapter(app)), plain],
  ['socket.io', undefined, socketIo],
])('a gateway on %s', (_, adapt, connect) => {
  let app: INestApplication
  let port: number
  beforeAll(async () => {
    ;({ app, port } = await listening(adapt))
  })
  beforeEach(() => {
    ahead = 0
  })
  afterAll(() => app.close())

  const ask = async (headers: Sent): Promise<Reply> => {
    const connection = connect(port, headers)
    const reply = await connection.order()
    connection.close()
    return reply
  }

  test('allows a message by the token of its connection', async () => {
    const reply = await ask({ authorization: `Bearer ${mayWrite(verifier)}` })
    expect(reply).toEqual({
      event: 'accepted',
      data: { client: expect.stringMatching(/^did:key:/) as string },
    })
  })

  test.each([
    ['no credentials', {}, { error_description: 'An access token is required' }],
    ['a bad token', { authorization: 'Bearer rubbish' }, { error: 'invalid_token' }],
    [
      'a missing scope',
      { authorization: `Bearer ${verifier.mint({ scope: 'x' })}` },
      { error: 'insufficient_scope' },
    ],
  ])('denies %s and says so', async (_, headers, body) => {
    const reply = await ask(headers)
    expect(reply.event).toBe('exception')
    expect(reply.data).toMatchObject(body)
    expect(JSON.stringify(reply)).not.toContain('expected')
  })

  test('denies a field that was sent twice, even with good tokens', async () => {
    const good = `Bearer ${mayWrite(verifier)}`
    expect(await ask({ authorization: [good, good] })).toMatchObject({
      event: 'exception',
      data: { error: 'invalid_request' },
    })
  })

  test.each([
    ['objects', {}],
    ['texts', 'a'],
  ])('each message of a client sees its own caller, with %s for data', async (_, data) => {
    const connection = connect(port, { authorization: `Bearer ${mayWrite(verifier)}` })
    await connection.order()
    const late = connection.say('late', data)
    await wait(10)
    expect(await connection.say('public', data)).toEqual({
      event: 'public',
      data: { client: 'anonymous' },
    })
    expect(await late).toEqual({
      event: 'late',
      data: { client: expect.stringMatching(/^did:key:/) as string },
    })
    connection.close()
  })

  test('notices that the token of an open connection expired', async () => {
    const connection = connect(port, { authorization: `Bearer ${mayWrite(verifier)}` })
    expect((await connection.order()).event).toBe('accepted')
    ahead = 3_600_000
    const late = await connection.order()
    expect(late).toMatchObject({
      event: 'exception',
      data: { error_description: 'The access token expired' },
    })
    connection.close()
  })
})

describe('socket.io', () => {
  test("takes a browser's token from the handshake, but not a second one", async () => {
    ahead = 0
    const { app, port } = await listening()
    const browser = socketIo(port, {}, mayWrite(verifier))
    expect((await browser.order()).event).toBe('accepted')
    browser.close()
    const prefixed = socketIo(port, {}, `Bearer ${mayWrite(verifier)}`)
    expect(await prefixed.order()).toMatchObject({
      event: 'exception',
      data: { error: 'invalid_request' },
    })
    prefixed.close()
    const both = socketIo(
      port,
      { authorization: `Bearer ${mayWrite(verifier)}` },
      mayWrite(verifier),
    )
    expect(await both.order()).toMatchObject({
      event: 'exception',
      data: { error: 'invalid_request' },
    })
    both.close()
    await app.close()
  })
})

test('an application with a guarded gateway does not start without its transport', async () => {
  await expect(listening(undefined, [])).rejects.toThrow(
    'expected a transport that reads the tokens of Gateway.order, found none: ' +
      'pass transports: [websockets()] to VerifierGuardModule',
  )
})

test.each([[7], [true], [{}], [['a']]])(
  'a token of a handshake that is no text is denied, not anonymous: %j',
  (token) => {
    const request = { headers: {} }
    const { headers } = requestOf({ handshake: { ...request, auth: { token } }, request })
    expect(headers).toEqual({ authorization: token })
    const server = createResourceServer(options)
    return expect(server.authenticate({ headers })).rejects.toMatchObject({
      code: 'authorization_malformed',
    })
  },
)

test.each([[undefined], [null]])('a handshake without a token stays as it is: %j', (token) => {
  const request = { headers: {} }
  expect(requestOf({ handshake: { ...request, auth: { token } }, request })).toBe(request)
})

describe('connections, which no guard of Nest reaches', () => {
  const timers: (() => void)[] = []
  const runtimeAhead = {
    ...runtime,
    schedule: (callback: () => void) => (timers.push(callback), () => undefined),
  }
  const resourceServer = createResourceServer({ ...options, runtime: runtimeAhead })
  let admitted = () => {}

  /** A client of either kind. */
  interface Client {
    close?(code: number): void
    disconnect?(close: boolean): void
  }

  @WebSocketGateway()
  class Strict implements OnGatewayConnection {
    async handleConnection(client: Client, upgrade: IncomingMessage | undefined): Promise<void> {
      if (upgrade !== undefined && client.disconnect === undefined) rememberUpgrade(client, upgrade)
      const leave = () => void (client.disconnect?.(true) ?? client.close?.(1008))
      const auth = await resourceServer.authenticate(requestOf(client)).catch(() => undefined)
      if (auth === undefined) leave()
      else {
        whenExpired(auth, leave, runtimeAhead)
        admitted()
      }
    }

    @SubscribeMessage('order')
    order(): object {
      return { event: 'accepted', data: {} }
    }
  }

  test.each([
    ['ws', (app: INestApplication) => void app.useWebSocketAdapter(new WsAdapter(app)), plain],
    ['socket.io', () => undefined, socketIo],
  ])(
    'are closed for an anonymous client, and when the token expires: %s',
    async (_, adapt, connect) => {
      ahead = 0
      const app = await start({ providers: [Strict] }, undefined, adapt)
      await app.listen(0, '127.0.0.1')
      const { port } = app.getHttpServer().address() as AddressInfo
      await connect(port, {}).closed()
      await connect(port, { authorization: 'Bearer rubbish' }).closed()
      // No guard keeps messages waiting meanwhile.
      const admission = new Promise<void>((resolve) => (admitted = resolve))
      const connection = connect(port, { authorization: `Bearer ${mayWrite(verifier)}` })
      expect((await connection.order()).event).toBe('accepted')
      await admission
      ahead = 3_600_000
      const closed = connection.closed()
      for (const expire of timers.splice(0)) expire()
      await closed
      await app.close()
    },
  )
})
