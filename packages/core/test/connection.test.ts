import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { WebSocket, WebSocketServer } from 'ws'
import { protectUpgrade, whenExpired } from '../src/connection.js'
import { requiredScopes, systemRuntime } from '../src/index.js'

/** A clock and timers that stand still until told to go on, and last no longer than real ones. */
function createClock() {
  let now = 0
  let timers: { readonly at: number; readonly run: () => void }[] = []
  return {
    now: () => now,
    schedule: (run: () => void, delay: number) => {
      const timer = { at: now + Math.min(delay, 2 ** 31 - 1), run }
      timers.push(timer)
      return () => void (timers = timers.filter((other) => other !== timer))
    },
    delays: () => timers.map(({ at }) => at - now),
    advance(to: number) {
      for (;;) {
        const next = timers.filter(({ at }) => at <= to).sort((one, other) => one.at - other.at)[0]
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        now = next.at
        next.run()
      }
      now = to
    },
  }
}

describe('whenExpired', () => {
  test('closing what its caller closed before may fail, at once or later', async () => {
    const clock = createClock()
    const close = jest.fn(() => Promise.reject(new Error('closed before')))
    whenExpired({ expiresAt: 0 }, close, clock)
    whenExpired({ expiresAt: 1 }, close, clock)
    clock.advance(1_000)
    // A rejection that nobody handles ends the process at the end of the turn.
    await new Promise((resolve) => setImmediate(resolve))
    expect(close).toHaveBeenCalledTimes(2)
  })

  test('calls back once, at the second the token expires', () => {
    const clock = createClock()
    const expired = jest.fn()
    whenExpired({ expiresAt: 900 }, expired, clock)
    clock.advance(899_999)
    expect(expired).not.toHaveBeenCalled()
    clock.advance(900_000)
    clock.advance(9_000_000)
    expect(expired).toHaveBeenCalledTimes(1)
  })

  test('waits for tokens that live longer than a timer can', () => {
    const clock = createClock()
    const expired = jest.fn()
    const days = 24 * 3_600
    whenExpired({ expiresAt: 60 * days }, expired, clock)
    expect(clock.delays()).toEqual([2 ** 31 - 1])
    clock.advance(59 * days * 1_000)
    expect(expired).not.toHaveBeenCalled()
    clock.advance(60 * days * 1_000)
    expect(expired).toHaveBeenCalledTimes(1)
  })

  test('can be called off, also after it has been extended', () => {
    const clock = createClock()
    const expired = jest.fn()
    const cancel = whenExpired({ expiresAt: 5_000_000 }, expired, clock)
    clock.advance(3_000_000_000)
    cancel()
    clock.advance(6_000_000_000)
    expect(expired).not.toHaveBeenCalled()
  })

  test('calls back at once for what has expired', () => {
    const expired = jest.fn()
    whenExpired({ expiresAt: 0 }, expired, createClock())
    expect(expired).toHaveBeenCalledTimes(1)
  })
})

describe('protectUpgrade', () => {
  const verifier = createDevVerifier()
  const trust = {
    issuer: verifier.issuer,
    profile: 'eudistack',
    runtime: { ...systemRuntime, fetch: verifier.fetch },
  } as const
  const sockets = new WebSocketServer({ noServer: true })
  let server: Server
  let port: number
  let upgrades = 0

  beforeAll(async () => {
    const requirement = requiredScopes('orders:watch')
    const upgrade = protectUpgrade(
      trust,
      (request: IncomingMessage, socket: Duplex, head: Buffer, auth) => {
        upgrades += 1
        sockets.handleUpgrade(request, socket, head, (client) => client.send(String(auth?.clientId)))
      },
      { requirement },
    )
    server = createServer().on('upgrade', upgrade).listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  beforeEach(() => {
    upgrades = 0
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const open = (headers: Record<string, string>) => new WebSocket(`ws://127.0.0.1:${port}`, { headers })

  test('lets the caller through to the handshake', async () => {
    const client = open({ authorization: `Bearer ${verifier.mint({ scope: 'orders:watch' })}` })
    const [message] = (await once(client, 'message')) as [Buffer]
    expect(message.toString()).toMatch(/^did:key:/)
    client.terminate()
  })

  test.each([
    ['no credentials', undefined, 401, 'Bearer'],
    [
      'a bad token',
      () => 'rubbish',
      401,
      'Bearer error="invalid_token", error_description="The access token is invalid"',
    ],
    ['a missing scope', () => verifier.mint(), 403, expect.stringContaining('scope="orders:watch"')],
  ])('refuses %s before the handshake', async (_, token, status, challenge) => {
    const client = open(token === undefined ? {} : { authorization: `Bearer ${token()}` })
    const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage]
    expect(response.statusCode).toBe(status)
    expect(response.headers['www-authenticate']).toEqual(challenge)
    const body = (await response.toArray()).join('')
    expect(response.headers['content-length']).toBe(`${body.length}`)
    expect(JSON.parse(body)).toHaveProperty('error_description')
    expect(upgrades).toBe(0)
  })

  test('keeps no socket of a refused caller, who does not have to hang up for that', async () => {
    const connected = once(server, 'connection') as Promise<[Socket]>
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    client.write('GET / HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    const [socket] = await connected
    const closed = once(socket, 'close')
    const [answer] = (await once(client, 'data')) as [Buffer]
    expect(answer.toString('latin1')).toMatch(/^HTTP\/1.1 401 [^]*is required"}$/)
    await closed
    client.destroy()
  })

  test('survives a caller who hangs up while the token is checked', async () => {
    const upgrade = `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer ${verifier.mint()}\r\n\r\n`
    const rude = connect(port, '127.0.0.1')
    rude.write(upgrade)
    await once(server, 'upgrade')
    rude.resetAndDestroy()
    const polite = open({ authorization: `Bearer ${verifier.mint({ scope: 'orders:watch' })}` })
    await once(polite, 'message')
    polite.terminate()
    expect(upgrades).toBe(1)
  })
})
