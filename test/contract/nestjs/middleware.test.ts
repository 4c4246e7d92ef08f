import {
  Catch,
  Controller,
  Get,
  Module,
  Req,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
  type MiddlewareConsumer,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { auth, authOf, systemRuntime } from '@verifier-guard/express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { heard } from '../application.js'
import { send } from '../send.js'

const verifier = createDevVerifier()
const guard = auth({
  issuer: verifier.issuer,
  profile: 'eudistack',
  runtime: { ...systemRuntime, fetch: verifier.fetch },
  events: heard,
})

@Controller('reports')
class Reports {
  @Get()
  show(@Req() request: object) {
    return { client: authOf(request).clientId }
  }
}

@Module({ controllers: [Reports] })
class Application {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(guard).forRoutes('reports')
  }
}

/** As in Nest's documentation: an error that is no `HttpException` is a 500. */
@Catch()
class Everything implements ExceptionFilter {
  catch(_: unknown, host: ArgumentsHost) {
    const response = host.switchToHttp().getResponse<ServerResponse>()
    response.writeHead(500).end()
  }
}

describe.each([
  ["Nest's own filter", [], 401],
  ["the application's filter", [new Everything()], 500],
] as const)('the guard of Express as middleware of Nest, with %s', (_, filters, status) => {
  let app: INestApplication
  let origin: string
  beforeAll(async () => {
    app = await NestFactory.create(Application, { logger: false })
    app.useGlobalFilters(...filters)
    app.use('/queues', guard, (request: IncomingMessage, response: ServerResponse) =>
      response.end(JSON.stringify({ client: authOf(request).clientId })),
    )
    await app.listen(0, '127.0.0.1')
    origin = await app.getUrl()
  })
  afterAll(() => app.close())

  test.each(['/reports', '/queues'])('protects %s', async (path) => {
    const ask = (authorization?: string) =>
      send(origin + path, 'GET', authorization === undefined ? {} : { authorization })
    expect(await ask(`Bearer ${verifier.mint()}`)).toMatchObject({ status: 200 })
    expect(await ask()).toMatchObject({
      status,
      headers: { 'www-authenticate': 'Bearer realm="api"' },
    })
    expect(await ask('Bearer rubbish')).toMatchObject({
      status,
      headers: { 'www-authenticate': expect.stringContaining('invalid_token') as string },
    })
  })
})
