import {
  Controller,
  Logger,
  UseGuards,
  type ArgumentsHost,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common'
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js'
import {
  ClientProxyFactory,
  MessagePattern,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices'
import { EventEmitter, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { firstValueFrom } from 'rxjs'
import {
  AccessTokenGuard,
  ClientId,
  createResourceServer,
  Scopes,
  VerifierGuardModule,
} from '../src/index.js'
import { microservices } from '../src/microservices.js'
import { createWorld, start } from './application.js'

@Controller()
@UseGuards(AccessTokenGuard)
class Orders {
  @MessagePattern('order')
  @Scopes('orders:write')
  order(@ClientId() client: string): string {
    return client
  }
}

const { verifier, options } = createWorld()

describe('a microservice over TCP, whose messages carry the token themselves', () => {
  let app: INestApplication
  let client: ClientProxy
  beforeAll(async () => {
    const authorization = (data: unknown) => (data as { authorization?: string }).authorization
    const transports = [microservices({ authorization })]
    app = await start({
      imports: [VerifierGuardModule.forRoot({ ...options, transports })],
      controllers: [Orders],
    })
    const service = app.connectMicroservice({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
    })
    await app.startAllMicroservices()
    const { port } = service.unwrap<{ address(): AddressInfo }>().address()
    client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    })
  })
  afterAll(async () => {
    client.close()
    await app.close()
  })

  const send = (data: object) => firstValueFrom(client.send<string>('order', data))

  test('allows a message with a token', async () => {
    const authorization = `Bearer ${verifier.mint({ scope: 'orders:write' })}`
    await expect(send({ authorization })).resolves.toMatch(/^did:key:/)
  })

  test.each([
    [
      'no credentials',
      () => ({}),
      { status: 401, code: 16, error_description: 'An access token is required' },
    ],
    [
      'a bad token',
      () => ({ authorization: 'Bearer rubbish' }),
      { status: 401, code: 16, error: 'invalid_token' },
    ],
    [
      'a missing scope',
      () => ({ authorization: `Bearer ${verifier.mint()}` }),
      { status: 403, code: 7 },
    ],
  ])('denies %s', async (_, data, refusal) => {
    await expect(send(data())).rejects.toMatchObject(refusal)
  })

  test.each([
    [{ authorization: null }, 400],
    [{ authorization: [null] }, 400],
    [{ authorization: {} }, 400],
    [{ authorization: 7 }, 400],
    [{ authorization: [[null]] }, 400],
    [{ authorization: ['Bearer a', 'Bearer b'] }, 400],
    [{ authorization: '' }, 401],
    ['order', 401],
    [[], 401],
  ])('a message %j is denied as a token is, and no fault is logged', async (data, status) => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined)
    await expect(send(data as object)).rejects.toMatchObject({ status })
    expect(logged).not.toHaveBeenCalled()
    logged.mockRestore()
  })
})

test('a message on which the function of the application fails is denied', async () => {
  const transport = microservices({
    authorization: (data) => (data as { authorization: string }).authorization,
  })
  const asked = createResourceServer(options).authenticate(transport.request(host({}, null))!)
  await expect(asked).rejects.toMatchObject({ code: 'authorization_malformed' })
})

/** NATS' `MsgHdrs`: a list of name and values, spelt as the sender did. */
class Headers extends Map<string, readonly string[]> {}

const metadata = (...values: readonly string[]) => ({
  get: (name: string) => (name === 'authorization' ? values : []),
})

function host(context: unknown, data: unknown = {}): ArgumentsHost {
  const host = new ExecutionContextHost([data, context], Orders, Orders.prototype.order)
  host.setType('rpc')
  return host
}

describe('where messages of each kind carry the token', () => {
  const transport = microservices()
  const read = (context: unknown, data?: unknown) => transport.request(host(context, data))
  const fields = { authorization: 'Bearer a' }
  const spelt = { Authorization: 'Bearer a' }

  test.each([
    ['gRPC', metadata('Bearer a')],
    ['NATS', { getHeaders: () => new Headers([['authorization', ['Bearer a']]]) }],
    ['NATS, spelt otherwise', { getHeaders: () => new Headers([['Authorization', ['Bearer a']]]) }],
    [
      'NATS of another making',
      {
        getHeaders: () => ({ get: (name: string) => (name === 'authorization' ? 'Bearer a' : '') }),
      },
    ],
    ['Kafka', { getMessage: () => ({ headers: { authorization: Buffer.from('Bearer a') } }) }],
    [
      'Kafka, spelt otherwise',
      { getMessage: () => ({ headers: { AUTHORIZATION: Buffer.from('Bearer a') } }) },
    ],
    ['RabbitMQ', { getMessage: () => ({ properties: { headers: fields } }) }],
    ['RabbitMQ, spelt otherwise', { getMessage: () => ({ properties: { headers: spelt } }) }],
    ['MQTT 5', { getPacket: () => ({ properties: { userProperties: fields } }) }],
    ['MQTT 5, spelt otherwise', { getPacket: () => ({ properties: { userProperties: spelt } }) }],
  ])('%s', (_, context) => {
    expect(read(context)).toEqual({ headers: fields })
  })

  test.each([
    ['gRPC without metadata', { get: () => [] }],
    ['NATS without headers', { getHeaders: () => undefined }],
    ['NATS with others', { getHeaders: () => new Headers([['trace', ['1']]]) }],
    ['RabbitMQ without headers', { getMessage: () => ({ properties: {} }) }],
    ['a context that has none', {}],
    ['no context', undefined],
  ])('%s: nothing', (_, context) => {
    expect(read(context)).toEqual({ headers: { authorization: undefined } })
  })

  test.each([
    ['gRPC', metadata('Bearer a', 'Bearer b')],
    ['NATS', { getHeaders: () => new Headers([['authorization', ['Bearer a', 'Bearer b']]]) }],
    [
      'NATS, in two spellings',
      {
        getHeaders: () =>
          new Headers([
            ['authorization', ['Bearer a']],
            ['Authorization', ['Bearer b']],
          ]),
      },
    ],
    [
      'Kafka',
      {
        getMessage: () => ({
          headers: { authorization: [Buffer.from('Bearer a'), Buffer.from('Bearer b')] },
        }),
      },
    ],
    [
      'RabbitMQ, in two spellings',
      { getMessage: () => ({ properties: { headers: { ...fields, Authorization: 'Bearer b' } } }) },
    ],
    [
      'MQTT 5',
      {
        getPacket: () => ({
          properties: { userProperties: { authorization: ['Bearer a', 'Bearer b'] } },
        }),
      },
    ],
  ])('several of %s are handed on as several', (_, context) => {
    expect(read(context)).toEqual({ headers: { authorization: ['Bearer a', 'Bearer b'] } })
  })

  test('what is no text counts as a value all the same', () => {
    const context = {
      getMessage: () => ({ properties: { headers: { authorization: ['Bearer a', 7] } } }),
    }
    expect(read(context)).toEqual({ headers: { authorization: ['Bearer a', ''] } })
  })

  test('a stream of gRPC has its metadata on the call, with a callback or nothing beside it', () => {
    const call = { metadata: metadata('Bearer a') }
    expect(read(undefined, call)).toEqual({ headers: fields })
    expect(read(() => undefined, call)).toEqual({ headers: fields })
    expect(read({}, { metadata: { authorization: 'Bearer a' } })).toEqual({
      headers: { authorization: undefined },
    })
  })
})

describe('a call of gRPC', () => {
  const transports = [microservices()]
  let app: INestApplication
  let guard: AccessTokenGuard
  beforeAll(async () => {
    app = await start({
      imports: [VerifierGuardModule.forRoot({ ...options, transports })],
      controllers: [Orders],
    })
    guard = app.get(AccessTokenGuard)
  })
  afterAll(() => app.close())

  const token = () => `Bearer ${verifier.mint({ scope: 'orders:write' })}`
  const decide = (context: unknown, data?: unknown) =>
    guard.canActivate(host(context, data) as ExecutionContext)

  test('is allowed by one token', async () => {
    await expect(decide(metadata(token()))).resolves.toBe(true)
    await expect(decide(undefined, { metadata: metadata(token()) })).resolves.toBe(true)
  })

  test('is denied with two, even good ones', async () => {
    const good = token()
    const denied = { error: { status: 400, code: 3, error: 'invalid_request' } }
    await expect(decide(metadata(good, good))).rejects.toMatchObject(denied)
  })

  test('that streams is answered without an error for Nest, which would let that end the process', async () => {
    const settled = jest.fn()
    const call = Object.assign(new EventEmitter(), { metadata: metadata('Bearer rubbish') })
    const answer = once(call, 'error')
    void decide(undefined, call).finally(settled)
    expect(await answer).toEqual([{ code: 16, details: 'The access token is invalid' }])
    const callback = jest.fn()
    void decide(callback, { metadata: metadata() }).finally(settled)
    await new Promise(setImmediate)
    expect(callback).toHaveBeenCalledWith({ code: 16, details: 'An access token is required' })
    expect(settled).not.toHaveBeenCalled()
  })

  test('gets no more than the public text of a mistake in the set-up', async () => {
    const lookup = (issuer: string) =>
      Promise.resolve({ issuer, profile: 'unheard-of' as 'eudistack' })
    const trust = VerifierGuardModule.forRoot({ ...options, issuer: lookup, transports })
    const app = await start({ imports: [trust], controllers: [Orders] })
    const decided = app
      .get(AccessTokenGuard)
      .canActivate(host(metadata(token())) as ExecutionContext)
    const message = 'The server is not configured correctly'
    await expect(decided).rejects.toMatchObject({
      message,
      error: { status: 500, code: 13, message },
    })
    await app.close()
  })
})
