import 'reflect-metadata'
import { parentPort, workerData } from 'node:worker_threads'
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import { Controller, Get, Module, UseGuards } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Field, GraphQLModule, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql'
import { MessagePattern, ServerTCP } from '@nestjs/microservices'
import { WsAdapter } from '@nestjs/platform-ws'
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets'
import type { AddressInfo } from 'node:net'
import {
  AccessTokenGuard,
  Auth,
  ClientId,
  Public,
  Scopes,
  VerifierGuardModule,
  type RequestLike,
  type ResourceServerOptions,
} from '@verifier-guard/nestjs'
import { microservices } from '@verifier-guard/nestjs/microservices'
import { rememberUpgrade, websockets } from '@verifier-guard/nestjs/websockets'

@Controller('orders')
@UseGuards(AccessTokenGuard)
class Orders {
  @Get()
  @Scopes('orders')
  list(@ClientId() client: string) {
    return { client }
  }

  @MessagePattern('order')
  @Scopes('orders')
  order(@ClientId() client: string) {
    return { client }
  }
}

@Controller('forgotten')
class Forgotten {
  @Get()
  show(@Auth() auth: object) {
    return auth
  }
}

@ObjectType()
class Person {
  @Field(() => String)
  readonly name!: string
}

@Resolver(() => Person)
class People {
  @Query(() => String)
  @Scopes('orders')
  client(@ClientId() client: string) {
    return client
  }

  @Query(() => Person)
  @Public()
  someone() {
    return { name: 'A' }
  }

  @ResolveField(() => String, { nullable: true })
  @Scopes('salary')
  salary(@ClientId() client: string) {
    return client
  }
}

@WebSocketGateway()
@UseGuards(AccessTokenGuard)
class Gateway {
  handleConnection(client: object, upgrade: RequestLike) {
    rememberUpgrade(client, upgrade)
  }

  @SubscribeMessage('order')
  @Scopes('orders')
  order(@ClientId() client: string) {
    return { event: 'accepted', data: { client } }
  }
}

interface Setting {
  readonly options: ResourceServerOptions
  /** For GraphQL's field resolvers. */
  readonly enhancers: ('guards' | 'filters' | 'interceptors')[]
}

interface Listening {
  address(): AddressInfo
}

const portOf = (server: Listening) => server.address().port

/** TCP on a port that is free. */
class Tcp extends ServerTCP {
  constructor() {
    // Nest 10 takes the number 0 for a port that is missing.
    super({ host: '127.0.0.1', port: '0' as unknown as number })
  }

  address(): AddressInfo {
    return (this.server as Listening).address()
  }
}

/**
 * Everything but HTTP that a guard is put before, in one application; runs in a thread of its own,
 * as the other one does.
 */
async function main({ options, enhancers }: Setting): Promise<void> {
  const transports = [
    websockets(),
    microservices({ authorization: (data) => (data as { authorization?: string }).authorization }),
  ]
  const graphql: ApolloDriverConfig = {
    driver: ApolloDriver,
    autoSchemaFile: true,
    playground: false,
  }
  class Application {}
  Module({
    imports: [
      VerifierGuardModule.forRoot({ ...options, transports }),
      GraphQLModule.forRoot<ApolloDriverConfig>({ ...graphql, fieldResolverEnhancers: enhancers }),
    ],
    controllers: [Orders, Forgotten],
    providers: [People, Gateway],
  })(Application)
  const app = await NestFactory.create(Application, { logger: false, abortOnError: false })
  app.setGlobalPrefix('api')
  app.useWebSocketAdapter(new WsAdapter(app))
  const tcp = new Tcp()
  app.connectMicroservice({ strategy: tcp })
  await app.startAllMicroservices()
  await app.listen(0, '127.0.0.1')
  parentPort!.postMessage({ http: portOf(app.getHttpServer() as Listening), tcp: portOf(tcp) })
  parentPort!.once('message', () => void app.close().then(() => parentPort!.close()))
}

void main(workerData as Setting)
