import { Controller, UseGuards, type ArgumentsHost, type INestApplication } from '@nestjs/common'
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js'
import { ClientProxyFactory, MessagePattern, Transport, type ClientProxy } from '@nestjs/microservices'
import type { AddressInfo } from 'node:net'
import { firstValueFrom } from 'rxjs'
import { AccessTokenGuard, ClientId, Scopes, VerifierGuardModule } from '../src/index.js'
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
    app = await start({ imports: [VerifierGuardModule.forRoot({ ...options, transports })], controllers: [Orders] })
    const service = app.connectMicroservice({ transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } })
    await app.startAllMicroservices()
    const { port } = service.unwrap<{ address(): AddressInfo }>().address()
    client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } })
  })
  afterAll(async () => {
    client.close()
    await app.close()
  })

  const send = (data: object) => firstValueFrom(client.send<string>('order', data))

  test('lets a message in', async () => {
    const authorization = `Bearer ${verifier.mint({ scope: 'orders:write' })}`
    await expect(send({ authorization })).resolves.toMatch(/^did:key:/)
  })

  test.each([
    ['no credentials', () => ({}), { status: 401, code: 16, error_description: 'An access token is required' }],
    ['a bad token', () => ({ authorization: 'Bearer rubbish' }), { status: 401, code: 16, error: 'invalid_token' }],
    ['a missing scope', () => ({ authorization: `Bearer ${verifier.mint()}` }), { status: 403, code: 7 }],
  ])('refuses %s', async (_, data, refusal) => {
    await expect(send(data())).rejects.toMatchObject(refusal)
  })
})

describe('where messages of each kind carry the token', () => {
  const transport = microservices()
  const host = (context: object): ArgumentsHost => {
    const host = new ExecutionContextHost([{}, context])
    host.setType('rpc')
    return host
  }
  const fields = { authorization: 'Bearer a' }
  const headers = { get: (name: string) => (name === 'authorization' ? 'Bearer a' : undefined) }

  test.each([
    ['gRPC', { get: (name: string) => (name === 'authorization' ? ['Bearer a'] : []) }],
    ['NATS', { getHeaders: () => headers }],
    ['Kafka', { getMessage: () => ({ headers: { authorization: Buffer.from('Bearer a') } }) }],
    ['RabbitMQ', { getMessage: () => ({ properties: { headers: fields } }) }],
    ['MQTT 5', { getPacket: () => ({ properties: { userProperties: fields } }) }],
  ])('%s', (_, context) => {
    expect(transport.request(host(context))).toEqual({ headers: fields })
  })

  test.each([
    ['gRPC without metadata', { get: () => [] }],
    ['NATS without headers', { getHeaders: () => undefined }],
    ['RabbitMQ without headers', { getMessage: () => ({ properties: {} }) }],
    ['a context that has none', {}],
  ])('%s: nothing', (_, context) => {
    expect(transport.request(host(context))).toEqual({ headers: { authorization: undefined } })
  })
})
