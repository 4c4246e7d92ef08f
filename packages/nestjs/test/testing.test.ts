import {
  Controller,
  Get,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import type { TestingModuleBuilder } from '@nestjs/testing'
import type { Server } from 'node:http'
import request from 'supertest'
import {
  AccessTokenGuard,
  Auth,
  ClientId,
  Scopes,
  VerifierGuardModule,
  type AuthContext,
} from '../src/index.js'
import { allowAs } from '../src/testing.js'
import { createWorld, start } from './application.js'

@Controller('orders')
class Orders {
  @Get('plain')
  @UseGuards(AccessTokenGuard)
  plain(): string {
    return 'in'
  }

  @Get('client')
  @Scopes('admin')
  client(@ClientId() client: string | undefined): object {
    return { client: client ?? null }
  }

  @Get('scopes')
  @Scopes('admin')
  scopes(@Auth() auth: AuthContext | undefined): object {
    return { scopes: auth?.scopes ?? null, powers: auth?.powers ?? null }
  }
}

const { options } = createWorld()
const imports = [VerifierGuardModule.forRoot(options)]
const everywhere = { provide: APP_GUARD, useExisting: AccessTokenGuard }

/** Another guard that leaves a caller where other middleware would. */
const handwritten: CanActivate = {
  canActivate(context: ExecutionContext) {
    context.switchToHttp().getRequest<{ auth?: object }>().auth = { clientId: 'shop' }
    return true
  },
}

const overridden = (guard: CanActivate) => (builder: TestingModuleBuilder) =>
  builder.overrideGuard(AccessTokenGuard).useValue(guard)

async function get(
  app: INestApplication<Server>,
  path: string,
): Promise<{ status: number; body: unknown }> {
  const { status, body } = (await request(app.getHttpServer()).get(path)) as {
    status: number
    body: unknown
  }
  return { status, body }
}

describe('in tests, the guard can be left out', () => {
  test('a guard that allows everything is enough where no handler asks for the caller', async () => {
    const app = await start(
      { imports, controllers: [Orders] },
      overridden({ canActivate: () => true }),
    )
    await request(app.getHttpServer()).get('/orders/plain').expect(200)
    expect((await get(app, '/orders/client')).status).toBe(500)
    await app.close()
  })

  test('allowAs hands over a caller', async () => {
    const app = await start(
      { imports, controllers: [Orders] },
      overridden(allowAs({ clientId: 'shop' })),
    )
    expect(await get(app, '/orders/client')).toEqual({ status: 200, body: { client: 'shop' } })
    expect(await get(app, '/orders/scopes')).toEqual({
      status: 200,
      body: { scopes: [], powers: [] },
    })
    await app.close()
  })

  test('allowAs() hands over an anonymous caller', async () => {
    const app = await start({ imports, controllers: [Orders] }, overridden(allowAs()))
    expect(await get(app, '/orders/client')).toEqual({ status: 200, body: { client: null } })
    expect(await get(app, '/orders/scopes')).toEqual({
      status: 200,
      body: { scopes: null, powers: null },
    })
    await app.close()
  })

  test('request.auth of another guard is no caller', async () => {
    const app = await start({ imports, controllers: [Orders] }, overridden(handwritten))
    expect((await get(app, '/orders/client')).status).toBe(500)
    await app.close()
  })

  test('replacing the provider is enough, wherever the guard stands', async () => {
    const shop = allowAs({ clientId: 'shop' })
    for (const providers of [[], [everywhere]]) {
      const app = await start({ imports, controllers: [Orders], providers }, (builder) =>
        builder.overrideProvider(AccessTokenGuard).useValue(shop),
      )
      expect(await get(app, '/orders/client')).toEqual({ status: 200, body: { client: 'shop' } })
      expect((await get(app, '/orders/plain')).status).toBe(200)
      await app.close()
    }
  })

  test('a guard in the place of ours can refuse, everywhere', async () => {
    for (const answer of [false, 'yes' as unknown as boolean]) {
      const app = await start({ imports, controllers: [Orders] }, (builder) =>
        builder.overrideProvider(AccessTokenGuard).useValue({ canActivate: () => answer }),
      )
      expect((await get(app, '/orders/client')).status).toBe(403)
      expect((await get(app, '/orders/plain')).status).toBe(403)
      await app.close()
    }
  })

  test('replacing the guard leaves the one under APP_GUARD', async () => {
    const metadata = { imports, controllers: [Orders], providers: [everywhere] }
    const app = await start(metadata, overridden(allowAs({ clientId: 'shop' })))
    expect((await get(app, '/orders/client')).status).toBe(401)
    await app.close()
  })
})
