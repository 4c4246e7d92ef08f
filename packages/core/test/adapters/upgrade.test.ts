import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { WebSocket, WebSocketServer } from 'ws'
import { protectUpgrade } from '../../src/adapters/upgrade.js'
import { requiredScopes, systemRuntime } from '../../src/index.js'

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
        sockets.handleUpgrade(request, socket, head, (client) =>
          client.send(String(auth?.clientId)),
        )
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

  const open = (headers: Record<string, string>) =>
    new WebSocket(`ws://127.0.0.1:${port}`, { headers })

  test('lets the caller through to the handshake', async () => {
    const client = open({ authorization: `Bearer ${verifier.mint({ scope: 'orders:watch' })}` })
    const [message] = (await once(client, 'message')) as [Buffer]
    expect(message.toString()).toMatch(/^did:key:/)
    client.terminate()
  })

  test.each([
    ['no credentials', undefined, 401, 'Bearer realm="api"'],
    [
      'a bad token',
      () => 'rubbish',
      401,
      'Bearer realm="api", error="invalid_token", error_description="The access token is invalid"',
    ],
    [
      'a missing scope',
      () => verifier.mint(),
      403,
      expect.stringContaining('scope="orders:watch"'),
    ],
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

  test('close() ends the resource server that it made', async () => {
    const upgrade = protectUpgrade(trust, () => {})
    upgrade.close()
    const closed = createServer().on('upgrade', upgrade).listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const client = new WebSocket(`ws://127.0.0.1:${(closed.address() as AddressInfo).port}`, {
      headers: { authorization: `Bearer ${verifier.mint()}` },
    })
    const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage]
    expect(response.statusCode).toBe(503)
    response.resume()
    closed.close()
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

  test.each([
    [
      'throws',
      () => {
        throw new RangeError('accept')
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('accept'))],
  ])('keeps no socket where accept %s, and lets the error surface', async (_, accept) => {
    const surfaced = new Promise((resolve) => {
      jest.spyOn(globalThis, 'queueMicrotask').mockImplementationOnce((callback) => {
        try {
          callback()
        } catch (error) {
          resolve(error)
        }
      })
    })
    const failing = createServer()
      .on('upgrade', protectUpgrade(trust, accept))
      .listen(0, '127.0.0.1')
    await once(failing, 'listening')
    const client = new WebSocket(`ws://127.0.0.1:${(failing.address() as AddressInfo).port}`, {
      headers: { authorization: `Bearer ${verifier.mint()}` },
    })
    const [error] = (await once(client, 'error')) as [Error]
    expect(error.message).toBe('socket hang up')
    expect(await surfaced).toBeInstanceOf(RangeError)
    failing.close()
  })
})
