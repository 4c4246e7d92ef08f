import { applyDecorators, Controller, Get, Post } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import {
  ApiBearerAuth,
  ApiForbiddenResponse,
  ApiUnauthorizedResponse,
  DocumentBuilder,
  SwaggerModule,
} from '@nestjs/swagger'
import request from 'supertest'
import {
  AccessTokenGuard,
  Powers,
  Public,
  VerifierGuardModule,
  type PowerOptions,
} from '../src/index.js'
import { createWorld, start } from './application.js'

const offers = { domain: 'DOME', function: 'ProductOffering', action: 'Create' }

const DocumentedPowers = (...powers: readonly PowerOptions[]) =>
  applyDecorators(
    Powers(...powers),
    ApiBearerAuth(),
    ApiUnauthorizedResponse({ description: 'No valid access token' }),
    ApiForbiddenResponse({ description: 'Not granted' }),
  )

@Controller('offers')
class Offers {
  @Post()
  @DocumentedPowers(offers)
  create(): string {
    return 'in'
  }

  @Get('health')
  @Public()
  health(): string {
    return 'up'
  }
}

@Controller('orders')
@DocumentedPowers(offers)
class Orders {
  @Get()
  list(): string {
    return 'in'
  }
}

test('the decorators of OpenAPI stand beside ours: the document says what is guarded', async () => {
  const { verifier, options } = createWorld()
  const guard = { provide: APP_GUARD, useExisting: AccessTokenGuard }
  const imports = [VerifierGuardModule.forRoot(options)]
  const app = await start(
    { imports, controllers: [Offers, Orders], providers: [guard] },
    undefined,
    (app) => {
      const description = new DocumentBuilder().addBearerAuth({
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
      })
      SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description.build()))
    },
  )
  const server = app.getHttpServer()
  const { body } = (await request(server).get('/docs-json').expect(200)) as {
    body: {
      paths: Record<
        string,
        Record<string, { security?: object; responses: Record<string, { description: string }> }>
      >
      components: { securitySchemes: object }
    }
  }
  expect(body.components.securitySchemes).toEqual({
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  })
  for (const guarded of [body.paths['/offers']!['post']!, body.paths['/orders']!['get']!]) {
    expect(guarded.security).toEqual([{ bearer: [] }])
    expect(guarded.responses).toMatchObject({
      401: { description: 'No valid access token' },
      403: { description: 'Not granted' },
    })
  }
  expect(body.paths['/offers/health']!['get']!.security).toBeUndefined()
  const token = `Bearer ${verifier.mint({ powers: [offers] })}`
  await request(server).post('/offers').expect(401)
  await request(server).post('/offers').set('authorization', token).expect(201)
  await request(server).get('/orders').expect(401)
  await app.close()
})
