import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import { EventEmitter, once } from 'node:events'
import request from 'supertest'
import {
  AccessTokenGuard,
  createResourceServer,
  GuardError,
  Public,
  systemRuntime,
  VerifierGuardModule,
  type ResourceServerOptions,
  type VerifierGuardOptions,
  type VerifierGuardOptionsFactory,
} from '../src/index.js'
import { createWorld, start } from './application.js'

@Controller()
class Orders {
  @Get('orders')
  list(): string {
    return 'orders'
  }

  @Get('health')
  @Public()
  health(): string {
    return 'up'
  }
}

@Controller('guarded')
@UseGuards(AccessTokenGuard)
class Guarded {
  @Get()
  list(): string {
    return 'in'
  }
}

const { verifier, options } = createWorld()
const bearer = () => `Bearer ${verifier.mint()}`
const everywhere = { provide: APP_GUARD, useExisting: AccessTokenGuard }

@Injectable()
class Settings implements VerifierGuardOptionsFactory {
  createVerifierGuardOptions(): VerifierGuardOptions {
    return options
  }
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

describe('VerifierGuardModule', () => {
  test.each([
    ['forRoot', VerifierGuardModule.forRoot(options)],
    [
      'forRoot with a resource server',
      VerifierGuardModule.forRoot({ resourceServer: createResourceServer(options) }),
    ],
    [
      'forRootAsync, useFactory',
      VerifierGuardModule.forRootAsync({ useFactory: () => Promise.resolve(options) }),
    ],
    [
      'forRootAsync, inject',
      VerifierGuardModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: (settings: Settings) => settings.createVerifierGuardOptions(),
      }),
    ],
    ['forRootAsync, useClass', VerifierGuardModule.forRootAsync({ useClass: Settings })],
    [
      'forRootAsync, useExisting',
      VerifierGuardModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings }),
    ],
  ])('%s guards the whole application by APP_GUARD', async (_, module) => {
    const app = await start({ imports: [module], controllers: [Orders], providers: [everywhere] })
    const server = app.getHttpServer()
    await request(server)
      .get('/orders')
      .expect(401)
      .expect('www-authenticate', 'Bearer realm="api"')
    await request(server).get('/orders').set('authorization', bearer()).expect(200)
    await request(server).get('/health').expect(200)
    await app.close()
  })

  test('wrong options stop the application at its start', async () => {
    const starting = start({
      imports: [VerifierGuardModule.forRoot({} as unknown as ResourceServerOptions)],
    })
    await expect(starting).rejects.toBeInstanceOf(GuardError)
    await expect(starting).rejects.toMatchObject({ code: 'invalid_configuration' })
  })

  test.each([
    ['an audience', { audience: 'https://orders.example.org' }],
    ['an issuer', { issuer: 'https://verifier.example.org' }],
    ['a misspelt name', { isGlobaal: true }],
  ])('a resource server made before takes no options beside it: %s', async (_, beside) => {
    const both = {
      resourceServer: createResourceServer(options),
      ...beside,
    } as unknown as VerifierGuardOptions
    await expect(start({ imports: [VerifierGuardModule.forRoot(both)] })).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringContaining(Object.keys(beside)[0]!) as string,
    })
  })

  test('nor do its types', () => {
    const resourceServer = createResourceServer(options)
    const fine: VerifierGuardOptions = { resourceServer, optional: true, transports: [] }
    // @ts-expect-error: an option of the resource server
    const audience: VerifierGuardOptions = {
      resourceServer,
      audience: 'https://orders.example.org',
    }
    // @ts-expect-error: no option at all
    const typo: VerifierGuardOptions = { resourceServer, audiense: 'https://orders.example.org' }
    expect([fine, audience, typo]).toHaveLength(3)
  })

  test('"optional" is true or false', async () => {
    const odd = { ...options, optional: 'yes' } as unknown as VerifierGuardOptions
    await expect(start({ imports: [VerifierGuardModule.forRoot(odd)] })).rejects.toThrow(
      '"optional"',
    )
  })

  test('isGlobal: false gives each module a Verifier of its own', async () => {
    const other = createWorld()
    @Controller('other')
    @UseGuards(AccessTokenGuard)
    class Other {
      @Get()
      list(): string {
        return 'in'
      }
    }
    @Module({
      imports: [VerifierGuardModule.forRoot({ ...options, isGlobal: false })],
      controllers: [Guarded],
    })
    class One {}
    const trust = { ...other.options, audience: 'https://other.example.org', isGlobal: false }
    @Module({ imports: [VerifierGuardModule.forRoot(trust)], controllers: [Other] })
    class Two {}
    const app = await start({ imports: [One, Two] })
    const server = app.getHttpServer()
    await request(server).get('/guarded').set('authorization', bearer()).expect(200)
    await request(server).get('/other').set('authorization', bearer()).expect(401)
    const addressed = `Bearer ${other.verifier.mint({ audience: 'https://other.example.org' })}`
    await request(server).get('/other').set('authorization', addressed).expect(200)
    await app.close()
  })

  test('without the module, a guarded controller stops the application at its start', async () => {
    await expect(start({ controllers: [Guarded] })).rejects.toThrow(
      'expected a VerifierGuardModule for AccessTokenGuard, found none',
    )
  })

  test('the last requests of an application are decided, and nothing outlives it', async () => {
    let answer = () => {}
    const asked = new Promise<void>((resolve) => (answer = resolve))
    const release = new EventEmitter()
    const released = once(release, 'keys')
    const timers = new Set<() => void>()
    const runtime = {
      ...systemRuntime,
      fetch: async (url: string, init?: RequestInit) => {
        answer()
        await released
        return verifier.fetch(url, init)
      },
      schedule: (callback: () => void) => {
        timers.add(callback)
        return () => void timers.delete(callback)
      },
    }
    const module = VerifierGuardModule.forRoot({ ...options, runtime, keySet: { prefetch: false } })
    const app = await start({ imports: [module], controllers: [Guarded] })
    await app.listen(0, '127.0.0.1')
    const url = await app.getUrl()
    const last = fetch(`${url}/guarded`, { headers: { authorization: bearer() } })
    await asked
    const closed = app.close()
    release.emit('keys')
    expect((await last).status).toBe(200)
    await closed
    expect(timers.size).toBe(0)
  })

  test('closes the resource server that it made, and no other', async () => {
    const shared = createResourceServer(options)
    const app = await start({ imports: [VerifierGuardModule.forRoot({ resourceServer: shared })] })
    await app.close()
    await expect(shared.verifyAccessToken(verifier.mint())).resolves.toMatchObject({
      kind: 'machine',
    })
  })
})
