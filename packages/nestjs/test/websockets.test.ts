import { UseGuards, type INestApplication } from '@nestjs/common'
import { WsAdapter } from '@nestjs/platform-ws'
import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets'
import type { DevVerifier } from '@verifier-guard/dev-verifier'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'
import { AccessTokenGuard, Auth, Scopes, VerifierGuardModule, systemRuntime, type AuthContext } from '../src/index.js'
import { rememberUpgrade, websockets } from '../src/websockets.js'
import { createWorld, start } from './application.js'

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

/** One connection that says one thing each time it is asked. */
interface Connection {
  order(): Promise<Reply>
  close(): void
}

function plain(port: number, headers: Record<string, string>): Connection {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers })
  return {
    async order() {
      if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open')
      socket.send(JSON.stringify({ event: 'order', data: {} }))
      const [message] = (await once(socket, 'message')) as [Buffer]
      return JSON.parse(message.toString()) as Reply
    },
    close: () => socket.terminate(),
  }
}

function socketIo(port: number, { authorization }: Record<string, string>, token?: string): Connection {
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    ...(authorization !== undefined && { extraHeaders: { authorization } }),
    ...(token !== undefined && { auth: { token } }),
  })
  return {
    order: () =>
      new Promise((resolve) => {
        socket.onAny((event: string, data: unknown) => resolve({ event, data }))
        socket.emit('order', {})
      }),
    close: () => socket.close(),
  }
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

  const ask = async (headers: Record<string, string>): Promise<Reply> => {
    const connection = connect(port, headers)
    const reply = await connection.order()
    connection.close()
    return reply
  }

  test('lets a message in by the token of its connection', async () => {
    const reply = await ask({ authorization: `Bearer ${mayWrite(verifier)}` })
    expect(reply).toEqual({ event: 'accepted', data: { client: expect.stringMatching(/^did:key:/) as string } })
  })

  test.each([
    ['no credentials', {}, { error_description: 'An access token is required' }],
    ['a bad token', { authorization: 'Bearer rubbish' }, { error: 'invalid_token' }],
    ['a missing scope', { authorization: `Bearer ${verifier.mint({ scope: 'x' })}` }, { error: 'insufficient_scope' }],
  ])('refuses %s and says so', async (_, headers, body) => {
    const reply = await ask(headers)
    expect(reply.event).toBe('exception')
    expect(reply.data).toMatchObject(body)
    expect(JSON.stringify(reply)).not.toContain('expected')
  })

  test('notices that the token of an open connection expired', async () => {
    const connection = connect(port, { authorization: `Bearer ${mayWrite(verifier)}` })
    expect((await connection.order()).event).toBe('accepted')
    ahead = 3_600_000
    const late = await connection.order()
    expect(late).toMatchObject({ event: 'exception', data: { error_description: 'The access token expired' } })
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
    const both = socketIo(port, { authorization: `Bearer ${mayWrite(verifier)}` }, mayWrite(verifier))
    expect(await both.order()).toMatchObject({ event: 'exception', data: { error: 'invalid_request' } })
    both.close()
    await app.close()
  })
})

test('a gateway is closed where the module was not told of gateways', async () => {
  ahead = 0
  const { app, port } = await listening(undefined, [])
  const connection = socketIo(port, { authorization: `Bearer ${mayWrite(verifier)}` })
  expect((await connection.order()).event).toBe('exception')
  connection.close()
  await app.close()
})
