import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createNetServer, type AddressInfo, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { createResourceServer, systemRuntime, type GuardEvents } from '@verifier-guard/core'
import { createDevVerifier, startDevVerifier } from '@verifier-guard/dev-verifier'
import { outcome, unavailable } from './scene.js'

const open: { close(): unknown }[] = []
const timers = new Set<() => void>()
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
  timers.clear()
})

/**
 * Lets the time of everything run out that waits. Until then it stands still, so that only the
 * network decides what happens.
 */
const expire = () => {
  for (const timer of [...timers]) timer()
}
const schedule = (callback: () => void) => {
  timers.add(callback)
  return () => void timers.delete(callback)
}

async function listen(server: Server | ReturnType<typeof createNetServer>): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      for (const socket of sockets) socket.destroy()
    })
  open.push({ close })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const serve = (answer: RequestListener) => listen(createServer(answer))

/**
 * What becomes of a good token while its Verifier answers like this; answers may be looked at as
 * they come in.
 */
async function meet(origin: string, arrived = (response: Response) => response) {
  let failed = (_: GuardEvents['keySetFailed']) => {}
  // A request that waited its time out may be answered a moment before the fetch itself is given
  // up.
  const failure = new Promise<GuardEvents['keySetFailed']>((resolve) => (failed = resolve))
  const verifier = createDevVerifier({ issuer: `${origin}/verifier` })
  const server = createResourceServer({
    issuer: verifier.issuer,
    profile: 'eudistack',
    jwksUri: `${origin}/jwks`,
    runtime: {
      ...systemRuntime,
      schedule,
      fetch: async (...request) => arrived(await systemRuntime.fetch(...request)),
    },
    events: { keySetFailed: failed },
  })
  open.push(server)
  return {
    answer: await outcome(server.verifyAccessToken(verifier.mint())),
    message: (await failure).message,
  }
}

describe('over real sockets', () => {
  test('a Verifier that is there', async () => {
    const verifier = await startDevVerifier()
    open.push(verifier)
    const server = createResourceServer({ issuer: verifier.issuer, profile: 'eudistack' })
    open.push(server)
    expect(await outcome(server.verifyAccessToken(verifier.mint()))).toBe('allowed')
  })

  test('a connection that is refused', async () => {
    const origin = await serve(() => {})
    await open.pop()!.close()
    const { answer, message } = await meet(origin)
    expect(answer).toEqual(unavailable)
    expect(message).toMatch(/the connection failed: ECONNREFUSED/)
  })

  test('a host that takes the connection and says nothing', async () => {
    const { answer, message } = await meet(
      await listen(createNetServer((socket) => void socket.once('data', expire))),
    )
    expect(answer).toEqual(unavailable)
    expect(message).toMatch(/expected an answer from .* within 5000 ms, got none/)
  })

  test('headers and then nothing: the time-out covers the body too', async () => {
    const { answer, message } = await meet(
      await serve(
        (_, response) =>
          void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
      ),
      (response) => {
        setImmediate(expire)
        return response
      },
    )
    expect(answer).toEqual(unavailable)
    expect(message).toMatch(/within 5000 ms/)
  })

  test('an answer that breaks off', async () => {
    const { answer, message } = await meet(
      await serve((_, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{"keys":')
        setImmediate(() => response.destroy())
      }),
    )
    expect(answer).toEqual(unavailable)
    expect(message).toMatch(/expected a whole answer from .*, it broke off|the connection failed/)
  })

  test('a body without end: the connection is closed', async () => {
    let closed = (_: unknown) => {}
    const gone = new Promise((resolve) => (closed = resolve))
    const origin = await serve((_, response) => {
      response.on('close', closed)
      const chunk = Buffer.alloc(65_536, 0x20)
      const more = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    const { answer, message } = await meet(origin)
    expect(answer).toEqual(unavailable)
    expect(message).toMatch(/expected at most 524288 bytes/)
    await gone
  })

  test('a small compressed body that unpacks to 128 MiB', async () => {
    const bomb = gzipSync(Buffer.alloc(128 * 1024 * 1024, 0x20), { level: 9 })
    expect(bomb.length).toBeLessThan(524_288)
    let unpacked = 0
    const count = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        unpacked += chunk.length
        controller.enqueue(chunk)
      },
    })
    const { answer, message } = await meet(
      await serve(
        (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      ),
      ({ body }) => new Response(body!.pipeThrough(count)),
    )
    expect(answer).toEqual(unavailable)
    expect(message).toMatch(/expected at most 524288 bytes/)
    expect(unpacked).toBeLessThanOrEqual(524_288 + 2 * 65_536)
  })

  test('a redirect to this machine itself', async () => {
    let followed = 0
    const target = await serve((_, response) => {
      followed += 1
      response.end('{}')
    })
    const { answer } = await meet(
      await serve(
        (_, response) => void response.writeHead(307, { location: `${target}/jwks` }).end(),
      ),
    )
    expect(answer).toEqual(unavailable)
    expect(followed).toBe(0)
  })

  test('an answer that is not HTTP', async () => {
    const { answer } = await meet(
      await listen(createNetServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n'))),
    )
    expect(answer).toEqual(unavailable)
  })
})
