import {
  Catch,
  Controller,
  Get,
  Injectable,
  UseFilters,
  UseGuards,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  HttpException,
  type INestApplication,
} from '@nestjs/common'
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js'
import type { NextFunction, Request, Response } from 'express'
import type { Server } from 'node:http'
import request from 'supertest'
import {
  AccessTokenGuard,
  Auth,
  ClientId,
  Requires,
  requiredRule,
  Scopes,
  VerifierGuardModule,
  type AuthContext,
} from '../src/index.js'
import { getCaller } from '../src/transport.js'
import { createWorld, start } from './application.js'

const { verifier, options } = createWorld()
const foreign = { clientId: 'foreign', scopes: ['admin'], powers: [] }

/** A guard of another package that keeps its own caller under our name. */
@Injectable()
class Foreign implements CanActivate {
  canActivate(context: ExecutionContext) {
    context.switchToHttp().getRequest<{ auth?: object }>().auth = foreign
    return true
  }
}

/** Answers a denial with the caller that it finds. */
@Catch(HttpException)
class WithCaller implements ExceptionFilter<HttpException> {
  catch(exception: HttpException, host: ArgumentsHost) {
    const http = host.switchToHttp()
    const { auth } = http.getRequest<{ auth?: AuthContext }>()
    const client = auth?.clientId ?? null
    http.getResponse<Response>().status(exception.getStatus()).json({ client })
  }
}

const ownOrder = requiredRule('owns the order', () => false)

@Controller('orders')
@UseFilters(WithCaller)
class Orders {
  @Get('client')
  @Scopes('read')
  client(@ClientId() client: string) {
    return { client }
  }

  @Get('admin')
  @Scopes('admin')
  admin() {
    return 'in'
  }

  @Get('replaced')
  @Scopes('admin')
  @UseGuards(Foreign)
  replaced() {
    return 'in'
  }

  @Get('between')
  @UseGuards(AccessTokenGuard, Foreign)
  between(@ClientId() client: string) {
    return { client }
  }

  @Get('rule')
  @Requires(ownOrder)
  rule() {
    return 'in'
  }

  @Get('forgotten')
  @UseGuards(Foreign)
  forgotten(@Auth() auth: AuthContext) {
    return auth
  }
}

describe('the caller of an HTTP request', () => {
  let app: INestApplication<Server>
  beforeAll(async () => {
    app = await start(
      { imports: [VerifierGuardModule.forRoot(options)], controllers: [Orders] },
      undefined,
      (app) => {
        app.use((req: Request, _: Response, next: NextFunction) => {
          Object.assign(req, { auth: foreign })
          next()
        })
      },
    )
  })
  afterAll(() => app.close())

  const get = async (path: string, token = verifier.mint({ scope: 'read' })) => {
    const answer = await request(app.getHttpServer())
      .get(`/orders/${path}`)
      .set('authorization', `Bearer ${token}`)
    return { status: answer.status, body: answer.body as unknown }
  }
  const client = expect.stringMatching(/^did:key:/) as string

  test.each(['client', 'between'])(
    'is the one of the token, whatever other code put into request.auth: /%s',
    async (path) => {
      expect(await get(path)).toEqual({ status: 200, body: { client } })
    },
  )

  test.each(['admin', 'replaced'])(
    'has to meet requirements, whatever other code put into request.auth: /%s',
    async (path) => {
      expect((await get(path)).status).toBe(403)
    },
  )

  test('is not request.auth where our guard is missing', async () => {
    expect((await get('forgotten')).status).toBe(500)
  })

  test.each(['admin', 'rule'])(
    'is known to the filter that answers a denial by requirement: /%s',
    async (path) => {
      expect(await get(path)).toEqual({ status: 403, body: { client } })
    },
  )
})

describe('the caller of a message', () => {
  class Handlers {
    handle() {}
  }

  test.each([
    ['rpc', [{ auth: foreign }, undefined]],
    ['rpc', [{ auth: foreign }]],
    ['rpc', [{ auth: foreign }, 'orders.create']],
    ['rpc', [{ auth: foreign }, { auth: foreign }]],
    ['ws', [{ auth: foreign }, { auth: foreign }]],
    ['graphql', [undefined, { auth: foreign }, { auth: foreign }, {}]],
    ['necord', [{ auth: foreign }]],
  ])('is nothing that the sender wrote: %s %j', (type, args) => {
    const context = new ExecutionContextHost(args, Handlers, Handlers.prototype.handle)
    context.setType(type)
    expect(getCaller(context)).toBeUndefined()
  })
})

test('a kind of context without a transport is closed', async () => {
  const app = await start({ imports: [VerifierGuardModule.forRoot(options)] })
  const context = new ExecutionContextHost([{}], Orders, Orders.prototype.admin)
  context.setType('necord')
  await expect(app.get(AccessTokenGuard).canActivate(context)).rejects.toMatchObject({
    cause: { code: 'invalid_configuration' },
  })
  await app.close()
})
