import { GuardError } from '@verifier-guard/core'
import type { Driver, ErrorHandling, Reply, Running } from './application.js'
import { driversFor } from './drivers/index.js'
import { send } from './send.js'

const options = {
  issuer: 'https://verifier.example.org',
  profile: 'eudistack',
  keySet: { prefetch: false },
} as const
const drivers = driversFor('error-handlers')

/**
 * What the application's own error handling makes of a refusal: proof that it got the error itself.
 */
function own(error: unknown): Reply {
  const { code, status, headers } = error as GuardError
  const body = { handledBy: 'application', guard: error instanceof GuardError, code, status }
  return { status, headers, body }
}
/** What knows nothing of challenges. */
const ignorant = (error: unknown): Reply => ({ ...own(error), headers: {} })
const pass = () => undefined

function start(driver: Driver, errors: ErrorHandling) {
  const routes = [{ method: 'get', path: '/orders', handle: () => 'in' }] as const
  return driver.build({ mounts: [{ path: '/api', options, routes }], errors })
}

interface Setting {
  readonly name: string
  readonly driver: Driver
  readonly errors: ErrorHandling
}

function settings(
  kind: 'answering' | 'passing' | 'missing',
  answer: ErrorHandling['answer'],
): readonly Setting[] {
  return drivers.flatMap((driver) =>
    driver.errorWays[kind].map((way) => ({
      name: `${driver.name}, errors handled ${way}`,
      driver,
      errors: { way, answer },
    })),
  )
}

let app: Running
afterEach(() => app.close())

test.each([...settings('passing', pass), ...settings('missing', own)])(
  '$name: a refusal that no error handler answers is answered in JSON, each time',
  async ({ driver, errors }) => {
    app = await start(driver, errors)
    for (let time = 0; time < 2; time += 1) {
      const { status, headers, body } = await send(`${app.url}/api/orders`, 'GET')
      expect({ status, type: headers['content-type'] }).toEqual({
        status: 401,
        type: expect.stringMatching(/^application\/json(; charset=utf-8)?$/) as string,
      })
      expect(JSON.parse(body)).toEqual({ error_description: 'An access token is required' })
    }
  },
)

test.each(settings('answering', own))(
  "$name: the application's error handler answers a refusal as it likes",
  async ({ driver, errors }) => {
    app = await start(driver, errors)
    const { status, headers, body } = await send(`${app.url}/api/orders`, 'GET')
    expect(JSON.parse(body)).toEqual({
      handledBy: 'application',
      guard: true,
      code: 'token_missing',
      status: 401,
    })
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe('Bearer realm="api"')
  },
)

test.each(settings('answering', ignorant))(
  '$name: the challenge stands where the error handler knows of none',
  async ({ driver, errors }) => {
    app = await start(driver, errors)
    const { status, headers } = await send(`${app.url}/api/orders`, 'GET')
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe('Bearer realm="api"')
    expect(headers['cache-control']).toBe('no-store')
  },
)
