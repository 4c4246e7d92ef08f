import type { Driver, Suite } from '../application.js'
import { drivers as express } from './express.js'
import { drivers as fastify } from './fastify.js'
import { drivers as fetch } from './fetch.js'
import { drivers as hono } from './hono.js'
import { drivers as koa } from './koa.js'
import { drivers as nestjs } from './nestjs.js'

/** Every adapter, on every version of its framework: a new one is one more line here. */
const all: readonly Driver[] = [express, koa, nestjs, fastify, fetch, hono].flat()

/** Those that take part in a suite, and can run here. */
export function driversFor(suite: Suite): readonly Driver[] {
  return all.filter((driver) => takesPart(driver, suite) && driver.unavailable === undefined)
}

/** Those that would take part in a suite, but can't run here. */
export function missingFor(suite: Suite): readonly Driver[] {
  return all.filter((driver) => takesPart(driver, suite) && driver.unavailable !== undefined)
}

function takesPart({ suites }: Driver, suite: Suite): boolean {
  return suites === undefined || suites.includes(suite)
}
