import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import {
  Injectable,
  UseGuards,
  UseInterceptors,
  type CanActivate,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import {
  Field,
  GraphQLModule,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql'
import { createClient } from 'graphql-ws'
import { setTimeout as wait } from 'node:timers/promises'
import type { AddressInfo } from 'node:net'
import type { IncomingMessage, Server } from 'node:http'
import { from, lastValueFrom } from 'rxjs'
import request from 'supertest'
import { WebSocket } from 'ws'
import {
  AccessTokenGuard,
  Auth,
  ClientId,
  Public,
  Scopes,
  VerifierGuardModule,
  type AuthContext,
} from '../src/index.js'
import { allowAs } from '../src/testing.js'
import { createWorld, start } from './application.js'

@ObjectType()
class Person {
  @Field(() => String)
  readonly name!: string
}

/** Lets the handler wait until its siblings are done. */
@Injectable()
class Late implements NestInterceptor {
  intercept: NestInterceptor['intercept'] = (_, next) =>
    from(wait(30).then(() => lastValueFrom(next.handle())))
}

/** Delays the guard after it until the siblings' handlers wait. */
@Injectable()
class Slow implements CanActivate {
  canActivate = () => wait(10, true)
}

@Resolver()
class Orders {
  @Query(() => String)
  @Scopes('orders:read')
  client(@ClientId() client: string): string {
    return client
  }

  @Query(() => String)
  @Scopes('orders:read')
  @UseInterceptors(Late)
  late(@ClientId() client: string | undefined): string {
    return client ?? 'anonymous'
  }

  @Query(() => String)
  @Public()
  health(): string {
    return 'up'
  }

  @Query(() => String)
  @Public()
  @UseGuards(Slow, AccessTokenGuard)
  anonymous(@Auth() auth: AuthContext | undefined): string {
    return auth?.clientId ?? 'anonymous'
  }

  @Subscription(() => String)
  @Scopes('orders:read')
  async *ticks(@ClientId() client: string): AsyncGenerator<{ ticks: string }> {
    yield await Promise.resolve({ ticks: client })
  }
}

@Resolver(() => Person)
class People {
  @Query(() => Person)
  @Scopes('people:read')
  me(): Person {
    return { name: 'A' }
  }

  @ResolveField(() => String)
  @Scopes('salary:read')
  salary(@ClientId() client: string): string {
    return `of ${client}`
  }
}

@Resolver(() => Person)
@Scopes('people:read')
class Closed {
  @Query(() => Person)
  someone(): Person {
    return { name: 'A' }
  }

  @ResolveField(() => String)
  salary(): string {
    return '1'
  }
}

interface Answer {
  readonly data: Record<string, unknown> | null
  readonly errors?: readonly {
    readonly message: string
    readonly extensions: { readonly code: string }
  }[]
}

const { verifier, options } = createWorld()
const bearer = (scope: string) => `Bearer ${verifier.mint({ scope })}`
const guard = { provide: APP_GUARD, useExisting: AccessTokenGuard }
const graphql = (more: Partial<ApolloDriverConfig> = {}) =>
  GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
    includeStacktraceInErrorResponses: false,
    subscriptions: { 'graphql-ws': true },
    ...more,
  })

async function send(
  app: INestApplication<Server>,
  query: string,
  authorization?: string,
): Promise<Answer> {
  const sent = request(app.getHttpServer()).post('/graphql').send({ query })
  const answer = await (authorization === undefined
    ? sent
    : sent.set('authorization', authorization))
  return answer.body as Answer
}

describe('GraphQL', () => {
  let app: INestApplication<Server>
  beforeAll(async () => {
    app = await start({
      imports: [graphql(), VerifierGuardModule.forRoot(options)],
      providers: [Orders, guard],
    })
    await app.listen(0, '127.0.0.1')
  })
  afterAll(() => app.close())

  const ask = (query: string, authorization?: string) => send(app, query, authorization)

  test('allows a caller with the scope, and hands it to the resolver', async () => {
    const { data, errors } = await ask('{ client }', bearer('orders:read'))
    expect(errors).toBeUndefined()
    expect(data?.['client']).toMatch(/^did:key:/)
  })

  test.each([
    ['no credentials', () => undefined, 'An access token is required', 'UNAUTHENTICATED'],
    ['a bad token', () => 'Bearer rubbish', 'The access token is invalid', 'UNAUTHENTICATED'],
    [
      'a missing scope',
      () => bearer('x'),
      'The access token does not grant this request',
      'FORBIDDEN',
    ],
  ])('denies %s in the terms of GraphQL', async (_, authorization, message, code) => {
    const { data, errors } = await ask('{ client }', authorization())
    expect(data).toBeNull()
    expect(errors).toMatchObject([{ message, extensions: { code } }])
    expect(JSON.stringify(errors)).not.toMatch(/stack|expected/)
  })

  test('a public query is open', async () => {
    expect((await ask('{ health }')).data).toEqual({ health: 'up' })
  })

  test('each field of an operation sees its own caller', async () => {
    const { data } = await ask('{ late anonymous again: late client }', bearer('orders:read'))
    const client = expect.stringMatching(/^did:key:/) as string
    expect(data).toEqual({ late: client, anonymous: 'anonymous', again: client, client })
  })

  describe('subscriptions over graphql-ws', () => {
    const subscribe = async (authorization?: string): Promise<unknown> => {
      const headers = authorization === undefined ? {} : { authorization }
      class Authorized extends WebSocket {
        constructor(url: string, protocols: string) {
          super(url, protocols, { headers })
        }
      }
      const { port } = app.getHttpServer().address() as AddressInfo
      const client = createClient({
        url: `ws://127.0.0.1:${port}/graphql`,
        webSocketImpl: Authorized,
        retryAttempts: 0,
      })
      const results = client.iterate({ query: 'subscription { ticks }' })
      const { value } = (await results.next()) as { value: unknown }
      await client.dispose()
      return value
    }

    test('are allowed by the token of the upgrade', async () => {
      expect(await subscribe(bearer('orders:read'))).toEqual({
        data: { ticks: expect.stringMatching(/^did:key:/) as string },
      })
    })

    test.each([
      ['no credentials', () => undefined, 'UNAUTHENTICATED'],
      ['a bad token', () => 'Bearer rubbish', 'UNAUTHENTICATED'],
      ['a missing scope', () => bearer('x'), 'FORBIDDEN'],
    ])('are denied for %s', async (_, authorization, code) => {
      expect(await subscribe(authorization())).toMatchObject({ errors: [{ extensions: { code } }] })
    })
  })
})

test("a browser's subscription is decided on by its connectionParams, where onConnect moves them into the field", async () => {
  const module = graphql({
    subscriptions: {
      'graphql-ws': {
        onConnect({ connectionParams, extra }) {
          const { headers } = (extra as { request: IncomingMessage }).request
          const { authorization } = (connectionParams ?? {}) as { authorization?: string }
          if (authorization !== undefined) headers.authorization ??= authorization
        },
      },
    },
  })
  const app = await start({
    imports: [module, VerifierGuardModule.forRoot(options)],
    providers: [Orders, guard],
  })
  await app.listen(0, '127.0.0.1')
  const { port } = app.getHttpServer().address() as AddressInfo
  const subscribe = async (connectionParams: Record<string, unknown>) => {
    const url = `ws://127.0.0.1:${port}/graphql`
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams,
    })
    const { value } = (await client.iterate({ query: 'subscription { ticks }' }).next()) as {
      value: unknown
    }
    await client.dispose()
    return value
  }
  expect(await subscribe({ authorization: bearer('orders:read') })).toMatchObject({ data: {} })
  expect(await subscribe({ authorization: bearer('x') })).toMatchObject({
    errors: [{ extensions: { code: 'FORBIDDEN' } }],
  })
  expect(await subscribe({})).toMatchObject({
    errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  })
  await app.close()
})

describe('field resolvers of GraphQL', () => {
  const imports = [VerifierGuardModule.forRoot(options)]

  test.each([
    ['on the field', People, 'People.salary'],
    ['on the class of the field', Closed, 'Closed.salary'],
  ])(
    'a requirement %s, which Nest would not ask, stops the application at its start',
    async (_, resolver, name) => {
      const starting = start({ imports: [graphql(), ...imports], providers: [resolver, guard] })
      await expect(starting).rejects.toMatchObject({ code: 'invalid_configuration' })
      await expect(starting).rejects.toThrow(
        `fieldResolverEnhancers: ['guards'] in GraphQLModule for ${name}`,
      )
    },
  )

  test('also where the options of GraphQL come late', async () => {
    const { driver, ...late } = { driver: ApolloDriver, autoSchemaFile: true }
    const module = GraphQLModule.forRootAsync<ApolloDriverConfig>({
      driver,
      useFactory: () => Promise.resolve(late),
    })
    await expect(
      start({ imports: [module, ...imports], providers: [People, guard] }),
    ).rejects.toThrow('People.salary')
  })

  test('are asked with the option', async () => {
    const module = graphql({ fieldResolverEnhancers: ['guards'] })
    const app = await start({ imports: [module, ...imports], providers: [People, guard] })
    const query = '{ me { name salary } }'
    expect(await send(app, query, bearer('people:read'))).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'FORBIDDEN' }, path: ['me', 'salary'] }],
    })
    const { data } = await send(app, query, bearer('people:read salary:read'))
    expect(data).toEqual({
      me: { name: 'A', salary: expect.stringMatching(/^of did:key:/) as string },
    })
    await app.close()
  })
})

test('in tests, allowAs hands over a caller in GraphQL too', async () => {
  const app = await start(
    { imports: [graphql(), VerifierGuardModule.forRoot(options)], providers: [Orders] },
    (builder) => builder.overrideGuard(AccessTokenGuard).useValue(allowAs({ clientId: 'shop' })),
  )
  expect((await send(app, '{ client }')).data).toEqual({ client: 'shop' })
  await app.close()
})

test('callers do not see a mistake in the set-up', async () => {
  const lookup = (issuer: string) =>
    Promise.resolve({ issuer, profile: 'unheard-of' as 'eudistack' })
  const trust = VerifierGuardModule.forRoot({ ...options, issuer: lookup })
  const app = await start({ imports: [graphql(), trust], providers: [Orders, guard] })
  expect(await send(app, '{ client }', bearer('orders:read'))).toMatchObject({
    data: null,
    errors: [
      {
        message: 'The server is not configured correctly',
        extensions: { code: 'INTERNAL_SERVER_ERROR' },
      },
    ],
  })
  await app.close()
})
