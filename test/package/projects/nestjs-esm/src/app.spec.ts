import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { INestApplication } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import { AccessTokenGuard } from '@verifier-guard/nestjs'
import { allowAs } from '@verifier-guard/nestjs/testing'
import { AppModule } from './app.module.js'

describe('AppController', () => {
  let app: INestApplication
  let verifier: DevVerifier

  before(async () => {
    verifier = await startDevVerifier()
    process.env.VERIFIER = verifier.issuer
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile()
    app = module.createNestApplication()
    await app.listen(0, '127.0.0.1')
  })

  after(async () => {
    await app.close()
    await verifier.close()
  })

  const offers = async (of: INestApplication, headers: Record<string, string> = {}) =>
    (await fetch(`${await of.getUrl()}/offers`, { headers })).status

  it('asks for a token', async () => {
    assert.equal(await offers(app), 401)
  })

  it('lets the power in', async () => {
    const powers = [{ function: 'ProductOffering', action: 'Read' }]
    assert.equal(await offers(app, { authorization: `Bearer ${verifier.mint({ powers })}` }), 200)
  })

  it('can be tested as a caller of its choosing', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(AccessTokenGuard)
      .useValue(allowAs({ kind: 'machine' }))
      .compile()
    const unguarded = module.createNestApplication()
    await unguarded.listen(0, '127.0.0.1')
    assert.equal(await offers(unguarded), 200)
    await unguarded.close()
  })
})
