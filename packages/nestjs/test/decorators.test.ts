import { Controller, Get, Logger, UseGuards, type INestApplication } from '@nestjs/common'
import type { MintOptions } from '@verifier-guard/dev-verifier'
import type { Server } from 'node:http'
import request from 'supertest'
import {
  AccessToken,
  AccessTokenGuard,
  Auth,
  ClientId,
  GuardError,
  Kinds,
  OptionalAuth,
  Powers,
  Public,
  RequiredClaims,
  Requires,
  Scopes,
  Tenant,
  TenantId,
  VerifierGuardModule,
  type AuthContext,
  type Requirement,
} from '../src/index.js'
import { createWorld, start } from './application.js'

const offers = { domain: 'DOME', function: 'ProductOffering', action: 'Create' }

@Controller('closed')
@UseGuards(AccessTokenGuard)
@Scopes('read')
class Closed {
  @Get('class')
  ofClass(): string {
    return 'in'
  }

  @Get('both')
  @Scopes('write')
  @Powers(offers, { ...offers, action: 'Update' })
  both(): string {
    return 'in'
  }

  @Get('public')
  @Public()
  open(@Auth() auth: AuthContext | undefined): object {
    return { auth: auth ?? null }
  }

  @Get('contradiction')
  @Public()
  @Scopes('write')
  contradiction(): string {
    return 'in'
  }
}

@Controller('open')
@Public()
class Open {
  @Get('class')
  ofClass(): string {
    return 'in'
  }

  @Get('closed')
  @Kinds('machine')
  closed(): string {
    return 'in'
  }
}

@Controller('single')
class Single {
  @Get('claims')
  @RequiredClaims({ team: 'red', groups: { includes: 'buyers' } })
  claims(): string {
    return 'in'
  }

  @Get('tenant')
  @Tenant((request: { headers: Record<string, string> }) => request.headers['x-wanted-tenant'])
  tenant(): string {
    return 'in'
  }

  @Get('optional')
  @OptionalAuth()
  optional(@Auth('kind') kind: string | undefined): object {
    return { kind: kind ?? null }
  }

  @Get('parameters')
  @Kinds('machine')
  parameters(
    @Auth() auth: AuthContext,
    @Auth('scopes') scopes: readonly string[],
    @ClientId() client: string,
    @TenantId() tenant: string,
    @AccessToken() token: string,
  ): object {
    return { same: auth.token === token && auth.clientId === client, scopes, tenant }
  }

  @Get('forgotten')
  forgotten(@Auth() auth: AuthContext): object {
    return auth
  }
}

describe('decorators', () => {
  const { verifier, options } = createWorld()
  let app: INestApplication<Server>
  beforeAll(async () => {
    app = await start({
      imports: [VerifierGuardModule.forRoot(options)],
      controllers: [Closed, Open, Single],
    })
  })
  afterAll(() => app.close())

  const get = (
    path: string,
    token?: MintOptions | string,
    headers: Record<string, string> = {},
  ) => {
    const sent = request(app.getHttpServer()).get(path).set(headers)
    if (token === undefined) return sent
    return sent.set(
      'authorization',
      `Bearer ${typeof token === 'string' ? token : verifier.mint(token)}`,
    )
  }
  const both = { scope: 'read write', powers: [{ ...offers, action: ['Create', 'Update'] }] }

  test.each([
    ['a class asks for all its methods', '/closed/class', { scope: 'read' }, 200],
    ['a class denies for all its methods', '/closed/class', { scope: 'write' }, 403],
    ['a method adds to its class', '/closed/both', both, 200],
    ["the class's requirement stays", '/closed/both', { ...both, scope: 'write' }, 403],
    ["the method's own requirement holds", '/closed/both', { ...both, scope: 'read' }, 403],
    ['every power is asked for', '/closed/both', { ...both, powers: [offers] }, 403],
    ['a public method needs no token', '/closed/public', undefined, 200],
    ['a public method does not look at one', '/closed/public', 'rubbish', 200],
    ['a requirement beats "public" beside it', '/closed/contradiction', undefined, 401],
    ['a public class is open', '/open/class', undefined, 200],
    ["a method's requirement closes a public class", '/open/closed', undefined, 401],
    ['and allows a caller who meets it', '/open/closed', {}, 200],
    ['requirements bring the guard along', '/single/claims', undefined, 401],
    [
      'every claim as asked',
      '/single/claims',
      { claims: { team: 'red', groups: ['buyers'] } },
      200,
    ],
    ['one claim is not', '/single/claims', { claims: { team: 'red', groups: ['sellers'] } }, 403],
    ['optional: an anonymous caller', '/single/optional', undefined, 200],
    ['optional: a caller with a token', '/single/optional', {}, 200],
    ['optional: a bad token', '/single/optional', 'rubbish', 401],
    ['@Auth() without a guard fails', '/single/forgotten', {}, 500],
  ] as const)('%s', async (_, path, token, status) => {
    expect((await get(path, token as MintOptions | string | undefined)).status).toBe(status)
  })

  test('functions get the request of the framework', async () => {
    expect(
      (await get('/single/tenant', { tenant: 'acme' }, { 'x-wanted-tenant': 'acme' })).status,
    ).toBe(200)
    expect(
      (await get('/single/tenant', { tenant: 'acme' }, { 'x-wanted-tenant': 'umbrella' })).status,
    ).toBe(403)
  })

  test('parameters hand the caller and its parts to the handler', async () => {
    const { body } = (await get('/single/parameters', { scope: 'a b', tenant: 'acme' })) as {
      body: unknown
    }
    expect(body).toEqual({ same: true, scopes: ['a', 'b'], tenant: 'acme' })
    expect((await get('/single/optional')).body).toEqual({ kind: null })
    expect((await get('/closed/public', 'rubbish')).body).toEqual({ auth: null })
  })

  test('a handler without a guard says why to the developer alone', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined)
    const { body } = (await get('/single/forgotten', {})) as { body: unknown }
    expect(body).toEqual({
      error: 'server_error',
      error_description: 'The server is not configured correctly',
    })
    expect(logged).toHaveBeenCalledWith(expect.stringContaining('add it to Single by @UseGuards'))
    logged.mockRestore()
  })

  test.each([
    ['@Requires()', () => Requires()],
    ['@Requires of no requirement', () => Requires(undefined as unknown as Requirement)],
    ['@Powers()', () => Powers()],
    ['@RequiredClaims({})', () => RequiredClaims({})],
    ['@Scopes()', () => Scopes()],
    ['@Kinds()', () => Kinds()],
  ])('%s asks nothing, which is a mistake', (_, decorate) => {
    expect(decorate).toThrow(GuardError)
    expect(decorate).toThrow(expect.objectContaining({ code: 'invalid_configuration' }) as Error)
  })

  test('a call is decided on once, whatever the number of guards', async () => {
    const allowed: unknown[] = []
    const events = { allowed: (event: unknown) => void allowed.push(event) }
    const app = await start({
      imports: [VerifierGuardModule.forRoot({ ...options, events })],
      controllers: [Closed],
    })
    const token = `Bearer ${verifier.mint(both)}`
    await request(app.getHttpServer()).get('/closed/both').set('authorization', token).expect(200)
    expect(allowed).toHaveLength(1)
    await app.close()
  })
})
