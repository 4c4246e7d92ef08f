import * as core from '@verifier-guard/core'
import * as audit from '@verifier-guard/core/audit'
import * as explain from '@verifier-guard/core/explain'
import * as express from '@verifier-guard/express'
import * as fastify from '@verifier-guard/fastify'
import * as fetch from '@verifier-guard/fetch'
import * as hono from '@verifier-guard/fetch/hono'
import * as koa from '@verifier-guard/koa'
import * as nestjs from '@verifier-guard/nestjs'
import * as microservices from '@verifier-guard/nestjs/microservices'
import * as testing from '@verifier-guard/nestjs/testing'
import * as websockets from '@verifier-guard/nestjs/websockets'
import * as redis from '@verifier-guard/redis'
import { trust } from '../dpop/api.js'

type Call = (first: unknown) => unknown

const entries = {
  ...{ core, 'core/audit': audit, 'core/explain': explain, express, fastify, fetch },
  ...{ 'fetch/hono': hono, koa, nestjs, 'nestjs/microservices': microservices },
  ...{ 'nestjs/testing': testing, 'nestjs/websockets': websockets, redis },
}

const server = core.createResourceServer(trust)
const methods = ['authenticate', 'admit', 'authorize', 'verifyAccessToken'] as const

const isFunction = (value: unknown): value is Call =>
  typeof value === 'function' && !/^class\b/.test(String(value))

const calls: readonly (readonly [string, Call])[] = [
  ...Object.entries(entries).flatMap(([entry, exported]) =>
    Object.entries(exported)
      .filter(([, value]) => isFunction(value))
      .map(([name, value]) => [`${entry}: ${name}`, value as Call] as const),
  ),
  ...methods.map((name) => [`a resource server: ${name}`, server[name] as Call] as const),
]

afterAll(() => server.close())

test.each(calls)(
  '%s: undefined or null in front is a mistake that says what to do',
  async (_, call) => {
    for (const first of [undefined, null]) {
      const thrown = await new Promise((resolve) => resolve(call(first))).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (thrown === undefined) continue
      expect(thrown).toBeInstanceOf(core.GuardError)
      expect((thrown as core.GuardError).reason.hint ?? 'a missing token').not.toBe('')
    }
  },
)

test('every kind of function is looked at', () => {
  expect(calls.length).toBeGreaterThan(100)
})
