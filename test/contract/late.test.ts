import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { GuardError } from '@verifier-guard/core'
import { heard, type Driver, type ErrorHandling, type Reply, type Running } from './application.js'
import { driversFor } from './drivers/index.js'
import { send } from './send.js'

const verifier = createDevVerifier()

/** A guard whose Verifier is silent until it fails; tells when it is asked, and of the denial. */
function createWaitingGuard() {
  const events = new EventEmitter()
  const failure = once(events, 'fail').then(() => Promise.reject(new Error('down')))
  const options = {
    issuer: verifier.issuer,
    profile: 'eudistack',
    keySet: { prefetch: false },
    events: { ...heard, denied: () => void events.emit('denied') },
    runtime: { fetch: () => (events.emit('asked'), failure) },
  } as const
  return {
    options,
    asked: once(events, 'asked'),
    denied: once(events, 'denied'),
    fail: () => events.emit('fail'),
  }
}

/** Collects what would be thrown into the void: second answers to a request. */
function watch(response: ServerResponse, second: unknown[]): void {
  for (const name of ['writeHead', 'setHeader'] as const) {
    const method = response[name].bind(response) as (...parameters: unknown[]) => ServerResponse
    Object.assign(response, {
      [name]: (...parameters: unknown[]) => {
        if (response.headersSent) second.push(new Error(name).stack)
        return method(...parameters)
      },
    })
  }
}

function own(error: unknown): Reply | undefined {
  if (!(error instanceof GuardError)) return undefined
  return { status: error.status, headers: error.headers, body: { handledBy: 'application' } }
}

interface Setting {
  readonly name: string
  readonly driver: Driver
  readonly errors?: ErrorHandling
}

const settings: readonly Setting[] = driversFor('late').flatMap((driver) => [
  { name: driver.name, driver },
  ...driver.errorWays.answering.map((way) => ({
    name: `${driver.name}, errors handled ${way}`,
    driver,
    errors: { way, answer: own },
  })),
])

let app: Running
afterEach(() => app.close())

test.each(settings)(
  '$name: a refusal that comes after the answer changes nothing',
  async ({ driver, errors }) => {
    const { options, asked, denied, fail } = createWaitingGuard()
    const second: unknown[] = []
    const routes = [{ method: 'get', path: '/orders', handle: () => 'in' }] as const
    app = await driver.build({
      timeout: asked,
      mounts: [{ path: '/api', options, routes }],
      ...(errors && { errors }),
    })
    app.server!.prependListener('request', (_: IncomingMessage, response: ServerResponse) =>
      watch(response, second),
    )
    const url = `${app.url}/api/orders`
    const headers = { authorization: `Bearer ${verifier.mint()}` }
    const { status, body } = await send(url, 'GET', headers)
    expect({ status, body }).toEqual({ status: 504, body: 'late' })
    await asked
    fail()
    await denied
    // What follows the event takes no more than one turn of the event loop in any framework.
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate)
    expect(second).toEqual([])
    // The process serves on.
    expect((await send(url, 'GET')).status).toBeGreaterThanOrEqual(401)
  },
)
