import { Controller, Get, type INestApplication, UseGuards } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import type { Server } from 'node:http'
import request from 'supertest'
import {
  AccessTokenGuard,
  Auth,
  OptionalAuth,
  Public,
  Scopes,
  VerifierGuardModule,
} from '../src/index.js'
import { createWorld, start } from './application.js'

type Method = (this: unknown, ...parameters: unknown[]) => unknown

/**
 * A decorator as tracing and caching libraries have them: another function takes the method's
 * place.
 */
function Trace(): MethodDecorator {
  return (_target, _name, descriptor) => {
    const original = descriptor.value as Method
    const traced = { [original.name]: (...parameters: unknown[]) => original(...parameters) }
    return { ...descriptor, value: traced[original.name] } as typeof descriptor
  }
}

/** The same, but the function has another name. */
function Anonymous(): MethodDecorator {
  return (_target, _name, descriptor) => {
    const original = descriptor.value as Method
    return {
      ...descriptor,
      value: function (this: unknown, ...parameters: unknown[]) {
        return original.apply(this, parameters)
      },
    } as typeof descriptor
  }
}

class Wrapped {
  @Get('traced')
  @Trace()
  @Scopes('admin')
  traced(): string {
    return 'in'
  }

  @Get('anonymous')
  @Anonymous()
  @Scopes('admin')
  anonymous(): string {
    return 'in'
  }

  @Get('between')
  @Scopes('write')
  @Anonymous()
  @Scopes('admin')
  between(): string {
    return 'in'
  }

  @Get('open')
  @Anonymous()
  @Public()
  open(): string {
    return 'in'
  }

  @Get('optional')
  @Anonymous()
  @OptionalAuth()
  optional(): string {
    return 'in'
  }
}

@Controller('guarded')
@UseGuards(AccessTokenGuard)
class Guarded extends Wrapped {}

@Controller('open')
@Public()
@UseGuards(AccessTokenGuard)
class Open extends Wrapped {}

@Controller('overridden')
@UseGuards(AccessTokenGuard)
class Overridden extends Wrapped {
  @Get('traced')
  @Scopes('write')
  override traced(): string {
    return 'in'
  }

  @Get('anonymous')
  @Public()
  override anonymous(): string {
    return 'in'
  }

  @Get('open')
  override open(): string {
    return 'in'
  }
}

@Controller('global')
class Global extends Wrapped {}

const { verifier, options } = createWorld()
const everywhere = { provide: APP_GUARD, useExisting: AccessTokenGuard }
const imports = [VerifierGuardModule.forRoot(options)]

describe('requirements behind a decorator that replaces the method', () => {
  let app: INestApplication<Server>
  let global: INestApplication<Server>
  beforeAll(async () => {
    app = await start({ imports, controllers: [Guarded, Open, Overridden] })
    global = await start({ imports, controllers: [Global], providers: [everywhere] })
  })
  afterAll(() => Promise.all([app.close(), global.close()]))

  test.each([
    ['/guarded/traced', { scope: 'x' }, 403],
    ['/guarded/traced', { scope: 'admin' }, 200],
    ['/guarded/anonymous', { scope: 'x' }, 403],
    ['/guarded/anonymous', { scope: 'admin' }, 200],
    ['/guarded/between', { scope: 'write' }, 403],
    ['/guarded/between', { scope: 'admin' }, 403],
    ['/guarded/between', { scope: 'write admin' }, 200],
    ['/guarded/open', undefined, 200],
    ['/guarded/optional', undefined, 200],
    ['/open/traced', undefined, 401],
    ['/open/anonymous', undefined, 401],
    ['/open/anonymous', { scope: 'admin' }, 200],
    ['/global/traced', { scope: 'x' }, 403],
    ['/global/anonymous', { scope: 'x' }, 403],
    ['/global/anonymous', { scope: 'admin' }, 200],
    ['/global/open', undefined, 200],
    // What an overridden method asked still holds, and what it opened does not.
    ['/overridden/traced', { scope: 'write' }, 403],
    ['/overridden/traced', { scope: 'write admin' }, 200],
    ['/overridden/anonymous', undefined, 401],
    ['/overridden/open', undefined, 401],
    ['/overridden/open', {}, 200],
  ] as const)('%s for %j: %i', async (path, token, status) => {
    const server = path.startsWith('/global') ? global.getHttpServer() : app.getHttpServer()
    const sent = request(server).get(path)
    if (token !== undefined) void sent.set('authorization', `Bearer ${verifier.mint(token)}`)
    expect((await sent).status).toBe(status)
  })

  test('without a guard on the class or the application, it does not start', async () => {
    const starting = start({ imports, controllers: [Global] })
    await expect(starting).rejects.toMatchObject({ code: 'invalid_configuration' })
    await expect(starting).rejects.toThrow('AccessTokenGuard before Global.traced')
  })

  test('another guard on the application does not count', async () => {
    const other = { provide: APP_GUARD, useValue: { canActivate: () => true } }
    await expect(start({ imports, controllers: [Global], providers: [other] })).rejects.toThrow(
      'Global.traced',
    )
  })

  test('a guard in the place of ours, in a test, does', async () => {
    const app = await start(
      { imports, controllers: [Global], providers: [everywhere] },
      (builder) => builder.overrideProvider(AccessTokenGuard).useValue({ canActivate: () => true }),
    )
    await request(app.getHttpServer()).get('/global/traced').expect(200)
    await app.close()
  })

  test('a guard that extends ours does', async () => {
    class Own extends AccessTokenGuard {}
    @Controller('own')
    @UseGuards(Own)
    class Custom extends Wrapped {}
    const app = await start({ imports, controllers: [Custom] })
    await request(app.getHttpServer()).get('/own/traced').expect(401)
    await app.close()
  })

  test('an override that is no handler stops no start', async () => {
    class Helper extends Wrapped {
      override traced(): string {
        return 'not reached from outside'
      }
    }
    const app = await start({
      imports,
      controllers: [Guarded],
      providers: [{ provide: 'helper', useValue: new Helper() }, everywhere],
    })
    await app.close()
  })
})

describe('a handler that was put on the instance', () => {
  @Controller('instance')
  @UseGuards(AccessTokenGuard)
  class Instance {
    constructor() {
      // Under another name and without the decorators' traces, as an aspect library may have it.
      const { ask } = this
      Object.assign(this, {
        ask: (
          () => (client: string) =>
            ask(client)
        )(),
      })
    }

    @Get('ask')
    @Scopes('ask')
    ask(@Auth('clientId') client: string): string {
      return client
    }

    @Get('other')
    @Scopes('other')
    other(): string {
      return 'in'
    }

    @Get('open')
    @Public()
    open(): string {
      return 'in'
    }
  }

  test('is held to what every method of its class asks', async () => {
    const app = await start({ imports, controllers: [Instance] })
    const ask = (path: string, scope: string) =>
      request(app.getHttpServer())
        .get(path)
        .set('authorization', `Bearer ${verifier.mint({ scope })}`)
    await ask('/instance/other', 'other').expect(200)
    await ask('/instance/ask', 'ask').expect(403)
    await ask('/instance/ask', 'other').expect(403)
    await ask('/instance/ask', 'ask other').expect(200)
    await request(app.getHttpServer()).get('/instance/open').expect(200)
    await app.close()
  })
})
