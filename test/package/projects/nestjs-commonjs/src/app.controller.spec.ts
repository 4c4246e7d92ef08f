import { INestApplication } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import { AccessTokenGuard } from '@verifier-guard/nestjs'
import { allowAs } from '@verifier-guard/nestjs/testing'
import request from 'supertest'
import { AppModule } from './app.module'

describe('AppController', () => {
  let app: INestApplication
  let verifier: DevVerifier

  beforeAll(async () => {
    verifier = await startDevVerifier()
    process.env.VERIFIER = verifier.issuer
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile()
    app = await module.createNestApplication().init()
  })

  afterAll(async () => {
    await app.close()
    await verifier.close()
  })

  const offers = (powers: { function: string; action: string }[]) =>
    request(app.getHttpServer())
      .get('/offers')
      .set('authorization', `Bearer ${verifier.mint({ powers })}`)

  it('is open for health checks', () => request(app.getHttpServer()).get('/health').expect(200))

  it('asks for a token', () =>
    request(app.getHttpServer())
      .get('/offers')
      .expect(401)
      .expect('www-authenticate', 'Bearer realm="api"'))

  it('lets the power in', () =>
    offers([{ function: 'ProductOffering', action: 'Read' }]).expect(200, { kind: 'machine' }))

  it('refuses another power', () =>
    offers([{ function: 'ProductOffering', action: 'Create' }]).expect(403))

  it('can be tested as a caller of its choosing', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(AccessTokenGuard)
      .useValue(allowAs({ kind: 'machine' }))
      .compile()
    const unguarded = await module.createNestApplication().init()
    await request(unguarded.getHttpServer()).get('/health').expect(200)
    await request(unguarded.getHttpServer()).get('/offers').expect(200, { kind: 'machine' })
    await unguarded.close()
  })
})
