import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import type { INestApplication } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql'
import type { Server } from 'node:http'
import request from 'supertest'
import { AccessTokenGuard, ClientId, Public, Scopes, VerifierGuardModule } from '../src/index.js'
import { createWorld, start } from './application.js'

@Resolver()
class Orders {
  @Query(() => String)
  @Scopes('orders:read')
  client(@ClientId() client: string): string {
    return client
  }

  @Query(() => String)
  @Public()
  health(): string {
    return 'up'
  }
}

interface Answer {
  readonly data: Record<string, string> | null
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[]
}

describe('GraphQL', () => {
  const { verifier, options } = createWorld()
  let app: INestApplication<Server>
  beforeAll(async () => {
    const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      includeStacktraceInErrorResponses: false,
    })
    const guard = { provide: APP_GUARD, useExisting: AccessTokenGuard }
    app = await start({ imports: [graphql, VerifierGuardModule.forRoot(options)], providers: [Orders, guard] })
  })
  afterAll(() => app.close())

  const ask = async (query: string, authorization?: string): Promise<Answer> => {
    const sent = request(app.getHttpServer()).post('/graphql').send({ query })
    const answer = await (authorization === undefined ? sent : sent.set('authorization', authorization))
    return answer.body as Answer
  }

  test('lets a caller with the scope in, and hands it to the resolver', async () => {
    const { data, errors } = await ask('{ client }', `Bearer ${verifier.mint({ scope: 'orders:read' })}`)
    expect(errors).toBeUndefined()
    expect(data?.['client']).toMatch(/^did:key:/)
  })

  test.each([
    ['no credentials', () => undefined, 'An access token is required', 'UNAUTHENTICATED'],
    ['a bad token', () => 'Bearer rubbish', 'The access token is invalid', 'UNAUTHENTICATED'],
    [
      'a missing scope',
      () => `Bearer ${verifier.mint({ scope: 'x' })}`,
      'The access token does not grant this request',
      'FORBIDDEN',
    ],
  ])('refuses %s in the terms of GraphQL', async (_, authorization, message, code) => {
    const { data, errors } = await ask('{ client }', authorization())
    expect(data).toBeNull()
    expect(errors).toMatchObject([{ message, extensions: { code } }])
    expect(JSON.stringify(errors)).not.toMatch(/stack|expected/)
  })

  test('a public query is open', async () => {
    expect((await ask('{ health }')).data).toEqual({ health: 'up' })
  })
})
