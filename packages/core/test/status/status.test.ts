import { tracingChannel } from 'node:diagnostics_channel'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import {
  createResourceServer,
  requiredStatus,
  systemRuntime,
  type EventListeners,
} from '../../src/index.js'

describe.each([
  ['bitstring', 'machine-v2', '/w3c/v1/credentials/status/1'],
  ['token', 'machine-sd-jwt', '/token/v1/credentials/status/1'],
] as const)('the %s list of the development Verifier', (status, dialect, path) => {
  const verifier = createDevVerifier({ profile: 'eudistack-3.3' })
  let clock = 0
  const signals: AbortSignal[] = []
  const open: { close(): void }[] = []
  afterAll(async () => {
    for (const server of open) server.close()
    await verifier.close()
  })

  /** A resource server that has not fetched the list yet. */
  function serve(events: EventListeners = {}) {
    const server = createResourceServer({
      issuer: verifier.issuer,
      profile: 'eudistack',
      runtime: {
        ...systemRuntime,
        fetch: (url, init) => {
          signals.push(init!.signal!)
          return verifier.fetch(url, init)
        },
        monotonic: () => performance.now() + clock,
      },
      status: { lists: [{ url: verifier.issuer, keys: verifier.credentialIssuer.keys }] },
      events: { denied() {}, statusListFailed() {}, ...events },
    })
    open.push(server)
    return server
  }

  const tokenOf = async (machine: ReturnType<typeof verifier.issueMachineCredential>) => {
    const answer = await verifier.fetch(`${verifier.issuer}/oidc/token`, {
      method: 'POST',
      body: verifier.tokenRequest(machine),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }

  test('a revoked credential stops a token that is still valid, and no other', async () => {
    const machine = verifier.issueMachineCredential({ status, dialect })
    const [token, other] = [
      await tokenOf(machine),
      await tokenOf(verifier.issueMachineCredential({ status, dialect })),
    ]
    const notRevoked = requiredStatus()
    const decide = async (presented: string) => serve().verifyAccessToken(presented, notRevoked)
    await expect(decide(token)).resolves.toMatchObject({
      kind: 'machine',
    })
    machine.revoke()
    const refused = decide(token)
    await expect(refused).rejects.toMatchObject({ code: 'credential_revoked', status: 401 })
    await expect(decide(other)).resolves.toMatchObject({
      kind: 'machine',
    })
  })

  test('a fetch of the list is published from start to end', async () => {
    const contexts: object[] = []
    const subscribers = { asyncEnd: (context: object) => void contexts.push(context) }
    const channel = tracingChannel<object>('verifier-guard:status-fetch')
    channel.subscribe(subscribers as never)
    const token = await tokenOf(verifier.issueMachineCredential({ status, dialect }))
    await serve().verifyAccessToken(token, requiredStatus())
    channel.unsubscribe(subscribers as never)
    expect(contexts).toEqual([{ list: verifier.issuer + path }])
  })

  test('each fetch is an event, good or bad', async () => {
    const events: unknown[] = []
    const server = serve({
      statusListRefreshed: (event) => void events.push(['refreshed', event]),
      statusListFailed: (event) => void events.push(['failed', event]),
    })
    const token = await tokenOf(verifier.issueMachineCredential({ status, dialect }))
    verifier.fail('status', 'status-500')
    await server.verifyAccessToken(token, requiredStatus()).catch(() => {})
    verifier.heal()
    clock += 2_000
    await server.verifyAccessToken(token, requiredStatus())
    const list = verifier.issuer + path
    const message = expect.stringContaining('got 500') as string
    expect(events).toEqual([
      ['failed', { list, failures: 1, message, retryIn: expect.any(Number) as number }],
      ['refreshed', { list }],
    ])
    expect(server.health()).toMatchObject({
      status: 'ready',
      statusLists: [{ list, status: 'ready', failures: 0 }],
    })
  })

  test('close() ends a fetch that hangs', async () => {
    const token = await tokenOf(verifier.issueMachineCredential({ status, dialect }))
    const server = serve()
    await server.ready()
    verifier.fail('status', 'hang')
    const refused = server.verifyAccessToken(token, requiredStatus())
    await new Promise(setImmediate)
    server.close()
    expect(signals.at(-1)!.aborted).toBe(true)
    await expect(refused).rejects.toMatchObject({ code: 'status_unavailable' })
    verifier.heal()
  })

  test('after close() no list is fetched, nor kept', async () => {
    const token = await tokenOf(verifier.issueMachineCredential({ status, dialect }))
    const server = serve()
    const auth = await server.verifyAccessToken(token)
    server.close()
    const before = signals.length
    await expect((async () => server.authorize(auth, requiredStatus()))()).rejects.toMatchObject({
      code: 'status_unavailable',
    })
    expect(signals).toHaveLength(before)
    expect(server.health().statusLists).toEqual([])
  })

  test('while the list cannot be had, requests get 503 with Retry-After', async () => {
    const token = await tokenOf(verifier.issueMachineCredential({ status, dialect }))
    const server = serve()
    verifier.fail('status', 'status-500')
    const refused = server.verifyAccessToken(token, requiredStatus())
    await expect(refused).rejects.toMatchObject({
      code: 'status_unavailable',
      status: 503,
      headers: { 'Retry-After': '1' },
    })
    expect(server.health()).toMatchObject({
      status: 'degraded',
      statusLists: [{ list: verifier.issuer + path, status: 'down', failures: 1 }],
    })
    verifier.heal()
  })
})
