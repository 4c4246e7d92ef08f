import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import { once } from 'node:events'
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import { installed, run } from './thread.js'

interface Ports {
  readonly http: number
  readonly tcp: number
}

const NEEDED = ['core', 'apollo', 'graphql', 'platform-ws', 'microservices']
const majors = [10, 11, 12].map((major) => {
  const found = NEEDED.map((name) => ({ name, ...installed(major, name) }))
  const missing = found.flatMap(({ unavailable = [] }) => unavailable)
  return {
    major,
    missing,
    title: found.map(({ name, version }) => `${name} ${version}`).join(', '),
  }
})

let verifier: DevVerifier
beforeAll(async () => {
  verifier = await startDevVerifier()
})
afterAll(() => verifier.close())
afterAll(() => {
  const lines = majors.map(
    ({ title, missing }) => `nestjs surfaces: ${[title, ...missing].join('; ')}`,
  )
  process.stdout.write(`\n${lines.join('\n')}\n`)
})

describe.each(majors.filter(({ missing }) => missing.length === 0))(
  'nestjs $title',
  ({ major }) => {
    let ports: Ports
    let close: () => Promise<void>
    beforeAll(async () => {
      ;({ said: ports, close } = await start(['guards']))
    })
    afterAll(() => close())

    const start = (enhancers: readonly string[]) => {
      const options = { issuer: verifier.issuer, profile: 'eudistack' }
      return run<Ports>(major, 'surfaces', { options, enhancers })
    }
    const client = expect.stringMatching(/^did:key:/) as string
    const bearer = (scope: string) => `Bearer ${verifier.mint({ scope })}`
    const headersOf = (authorization?: string) =>
      authorization === undefined ? {} : { authorization }

    async function http(
      path: string,
      authorization?: string,
    ): Promise<{ status: number; body: unknown }> {
      const response = await fetch(`http://127.0.0.1:${ports.http}${path}`, {
        headers: headersOf(authorization),
      })
      return { status: response.status, body: await response.json() }
    }

    async function graphql(query: string, authorization?: string): Promise<unknown> {
      const headers = { 'content-type': 'application/json', ...headersOf(authorization) }
      const body = JSON.stringify({ query })
      const response = await fetch(`http://127.0.0.1:${ports.http}/graphql`, {
        method: 'POST',
        headers,
        body,
      })
      return response.json()
    }

    async function gateway(authorization?: string): Promise<unknown> {
      const socket = new WebSocket(`ws://127.0.0.1:${ports.http}`, {
        headers: headersOf(authorization),
      })
      await once(socket, 'open')
      socket.send(JSON.stringify({ event: 'order', data: {} }))
      const [message] = (await once(socket, 'message')) as [Buffer]
      socket.terminate()
      return JSON.parse(message.toString())
    }

    /** Nest's own protocol: the length, a number sign, and JSON. */
    async function tcp(authorization?: string): Promise<unknown> {
      const socket = connect(ports.tcp, '127.0.0.1')
      const message = JSON.stringify({ id: '1', pattern: 'order', data: headersOf(authorization) })
      socket.write(`${message.length}#${message}`)
      const [answer] = (await once(socket, 'data')) as [Buffer]
      socket.destroy()
      const text = answer.toString()
      return JSON.parse(text.slice(text.indexOf('#') + 1))
    }

    test('HTTP routes under a global prefix are guarded', async () => {
      expect((await http('/api/orders')).status).toBe(401)
      expect((await http('/api/orders', bearer('x'))).status).toBe(403)
      expect(await http('/api/orders', bearer('orders'))).toEqual({ status: 200, body: { client } })
    })

    test('HTTP answers hide a mistake in the set-up', async () => {
      const body = {
        error: 'server_error',
        error_description: 'The server is not configured correctly',
      }
      expect(await http('/api/forgotten')).toEqual({ status: 500, body })
    })

    test.each([
      ['no credentials', () => undefined, 'UNAUTHENTICATED'],
      ['a bad token', () => 'Bearer rubbish', 'UNAUTHENTICATED'],
      ['a missing scope', () => bearer('x'), 'FORBIDDEN'],
    ])('GraphQL refuses %s', async (_, authorization, code) => {
      expect(await graphql('{ client }', authorization())).toMatchObject({
        data: null,
        errors: [{ extensions: { code } }],
      })
    })

    test('GraphQL allows field by field', async () => {
      expect(await graphql('{ client }', bearer('orders'))).toEqual({ data: { client } })
      expect(await graphql('{ someone { name } }')).toEqual({ data: { someone: { name: 'A' } } })
      const query = '{ client someone { salary } }'
      expect(await graphql(query, bearer('orders salary'))).toEqual({
        data: { client, someone: { salary: client } },
      })
      expect(await graphql(query, bearer('orders'))).toMatchObject({
        data: { client, someone: { salary: null } },
        errors: [{ path: ['someone', 'salary'], extensions: { code: 'FORBIDDEN' } }],
      })
    })

    test('GraphQL does not start with requirements on fields that Nest would not ask', async () => {
      await expect(start(['filters'])).rejects.toThrow(
        "fieldResolverEnhancers: ['guards'] in GraphQLModule for People.salary",
      )
    })

    test.each([
      ['no credentials', () => undefined, { error_description: 'An access token is required' }],
      ['a bad token', () => 'Bearer rubbish', { error: 'invalid_token' }],
      ['a missing scope', () => bearer('x'), { error: 'insufficient_scope' }],
    ])('gateways and microservices refuse %s', async (_, authorization, body) => {
      expect(await gateway(authorization())).toMatchObject({ event: 'exception', data: body })
      expect(await tcp(authorization())).toMatchObject({ id: '1', err: body })
    })

    test('gateways and microservices allow a token with the scope', async () => {
      expect(await gateway(bearer('orders'))).toEqual({ event: 'accepted', data: { client } })
      expect(await tcp(bearer('orders'))).toMatchObject({ id: '1', response: { client } })
    })
  },
)
