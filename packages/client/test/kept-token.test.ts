import { getEventListeners } from 'node:events'
import { startDevVerifier } from '@verifier-guard/dev-verifier'
import { createTokenSource, type CommonOptions } from '../src/index.js'
import { closing, failureOf, holdRuntime, record, until } from './support.js'

const MINUTE = 60_000

/** A Verifier and a source whose clocks are one, held still; tokens live 15 minutes. */
async function start(options: CommonOptions = {}) {
  const runtime = holdRuntime()
  const verifier = closing(await startDevVerifier({ lifetime: 900, runtime: { now: runtime.now } }))
  const machine = verifier.issueMachineCredential()
  const { recorded, events, count } = record()
  const { credential, privateKey } = machine
  const tokens = closing(
    createTokenSource({
      verifier: verifier.issuer,
      credential,
      privateKey: privateKey.hex,
      runtime,
      events,
      ...options,
    }),
  )
  return { runtime, verifier, machine, tokens, recorded, count }
}

/** A source at an authorization server that is nothing but the `fetch` of its runtime. */
function startWithSecret(runtime: CommonOptions['runtime'] & object) {
  const { events, ...recorded } = record()
  const tokens = closing(
    createTokenSource({
      authorizationServer: 'https://login.example.org',
      tokenEndpoint: 'https://login.example.org/token',
      clientId: 'me',
      clientSecret: 'secret',
      runtime,
      events,
    }),
  )
  return { tokens, ...recorded }
}

const answerFor = (access_token: string) =>
  Response.json({ access_token, token_type: 'Bearer', expires_in: 900 })

describe('a kept token', () => {
  it('is asked for once, however many wait for it', async () => {
    const { verifier, tokens } = await start()
    const got = await Promise.all(Array.from({ length: 1000 }, () => tokens.getToken()))
    expect(new Set(got).size).toBe(1)
    expect(verifier.requests.token).toBe(1)
  })

  it('is asked for once across its expiry', async () => {
    const { runtime, verifier, tokens } = await start()
    const first = await tokens.getToken()
    runtime.advance(60 * MINUTE)
    await until(() => verifier.requests.token === 2)
    runtime.advance(60 * MINUTE)
    const got = await Promise.all(Array.from({ length: 10_000 }, () => tokens.getToken()))
    expect(new Set(got).size).toBe(1)
    expect(got[0]).not.toBe(first)
    expect(verifier.requests.token).toBe(3)
  })

  it('is renewed ahead of its end, while callers get the one at hand', async () => {
    const { runtime, verifier, tokens, count } = await start()
    const first = await tokens.getToken()
    // A tenth of 15 minutes is 90 s, and chance adds half of a fifth of it.
    runtime.advance(900_000 - 99_000 - 1)
    expect(verifier.requests.token).toBe(1)
    runtime.advance(1)
    expect(await tokens.getToken()).toBe(first)
    await until(() => count('tokenObtained') === 2)
    expect(await tokens.getToken()).not.toBe(first)
    expect(verifier.requests.token).toBe(2)
  })

  it('is not renewed while no caller asks for it, and is when one does in time', async () => {
    const { runtime, verifier, tokens, count } = await start()
    await tokens.getToken()
    runtime.advance(14 * MINUTE)
    await until(() => count('tokenObtained') === 2)
    runtime.advance(14 * MINUTE)
    expect(verifier.requests.token).toBe(2)
    await tokens.getToken()
    await until(() => count('tokenObtained') === 3)
    runtime.advance(600 * MINUTE)
    expect(verifier.requests.token).toBe(3)
    expect(runtime.timers()).toBe(0)
  })

  it('is used to its end while renewal fails, and the failure shows', async () => {
    const { runtime, verifier, tokens, count } = await start()
    const first = await tokens.getToken()
    expect(tokens.health()).toMatchObject({ status: 'ready', error: undefined })
    verifier.fail('token', 'status-503')
    runtime.advance(14 * MINUTE)
    await until(() => count('tokenRequestFailed') === 1)
    expect(await tokens.getToken()).toBe(first)
    expect(tokens.health()).toMatchObject({ status: 'degraded', error: { code: 'verifier_error' } })
    runtime.advance(MINUTE - 10_000)
    expect(await failureOf(tokens.getToken())).toMatchObject({ code: 'verifier_error' })
    expect(tokens.health()).toMatchObject({ status: 'down' })
  })

  it('is renewed by itself once the Verifier is back', async () => {
    const { runtime, verifier, tokens, count } = await start()
    const first = await tokens.getToken()
    verifier.fail('token', 'refuse', { times: 3 })
    runtime.advance(14 * MINUTE)
    await until(() => count('tokenRequestFailed') === 1)
    runtime.advance(2000)
    await until(() => count('tokenObtained') === 2)
    expect(await tokens.getToken()).not.toBe(first)
    expect(tokens.health()).toMatchObject({ status: 'ready', error: undefined })
  })

  it('is not handed out when it could expire on its way', async () => {
    const { runtime, verifier, tokens, count } = await start()
    const first = await tokens.getToken()
    verifier.fail('token', 'status-403', { times: 1 })
    runtime.advance(899_000 - 10_001)
    await until(() => count('tokenRequestFailed') === 1)
    expect(await tokens.getToken()).toBe(first)
    runtime.advance(1)
    expect(await failureOf(tokens.getToken())).toMatchObject({ code: 'token_request_refused' })
    runtime.advance(1000)
    expect(await tokens.getToken()).not.toBe(first)
  })

  it('ends by the clock that is never stepped, when the wall clock is set back', async () => {
    const runtime = holdRuntime()
    let step = 0
    const stepped = { ...runtime, now: () => runtime.now() - step }
    const { verifier, tokens } = await start({ runtime: stepped })
    await tokens.getToken()
    step = 60 * MINUTE
    runtime.advance(20 * MINUTE)
    await until(() => verifier.requests.token === 2)
    runtime.advance(20 * MINUTE)
    await failureOf(tokens.getToken())
    expect(verifier.requests.token).toBe(3)
  })
})

describe('a token that does not say when it ends', () => {
  const silent = (access_token: string) => Response.json({ access_token, token_type: 'Bearer' })

  it('is kept for a minute, with one warning', async () => {
    const runtime = holdRuntime()
    const warnings: string[] = []
    let requests = 0
    const fetch = () => Promise.resolve(silent(`opaque${++requests}`))
    const { tokens, recorded } = startWithSecret({
      ...runtime,
      fetch,
      warn: (message) => void warnings.push(message),
    })
    expect(await tokens.getToken()).toBe('opaque1')
    expect(await tokens.getToken()).toBe('opaque1')
    const issuer = 'https://login.example.org'
    expect(recorded).toEqual([
      { event: 'tokenObtained', issuer, expiresAt: undefined, tries: 1, parameters: {} },
    ])
    expect(tokens.health()).toMatchObject({ status: 'ready', expiresAt: undefined })
    runtime.advance(50_000)
    await until(() => requests === 2)
    await tokens.getToken({ scope: 'orders:read' })
    expect(warnings).toEqual([expect.stringContaining('https://login.example.org')])
    expect(warnings[0]).toContain('expires_in')
    expect(warnings[0]).not.toContain('opaque')
  })

  it('ends by the claim exp where it is a JWT, without a warning', async () => {
    const runtime = holdRuntime()
    const warnings: string[] = []
    const claims = Buffer.from(JSON.stringify({ exp: runtime.now() / 1000 + 900 })).toString(
      'base64url',
    )
    const fetch = () => Promise.resolve(silent(`e30.${claims}.AAAA`))
    const { tokens } = startWithSecret({
      ...runtime,
      fetch,
      warn: (message) => void warnings.push(message),
    })
    await tokens.ready()
    expect(tokens.health().expiresAt).toBe(runtime.now() / 1_000 + 900)
    expect(warnings).toEqual([])
  })
})

describe('an API that refuses the token', () => {
  it('has it replaced, once for all callers', async () => {
    const { verifier, tokens, count } = await start()
    const first = await tokens.getToken()
    expect(Array.from({ length: 100 }, () => tokens.dropToken(first))).not.toContain(false)
    const got = await Promise.all(Array.from({ length: 100 }, () => tokens.getToken()))
    expect(new Set(got).size).toBe(1)
    expect(got[0]).not.toBe(first)
    expect(count('tokenDropped')).toBe(1)
    expect(verifier.requests.token).toBe(2)
  })

  it('costs no token that has replaced it meanwhile', async () => {
    const { tokens } = await start()
    const first = await tokens.getToken()
    tokens.dropToken(first)
    const second = await tokens.getToken()
    expect(tokens.dropToken(first)).toBe(true)
    expect(await tokens.getToken()).toBe(second)
  })

  it('causes no more than one token request in ten seconds', async () => {
    const { runtime, verifier, tokens } = await start()
    for (let second = 0; second < 25; second++) {
      tokens.dropToken(await tokens.getToken())
      runtime.advance(1000)
    }
    expect(verifier.requests.token).toBe(4)
  })

  it('costs no caller the token while the Verifier is away', async () => {
    const { verifier, tokens } = await start()
    const first = await tokens.getToken()
    verifier.fail('token', 'refuse')
    expect(tokens.dropToken(first)).toBe(true)
    expect(await tokens.getToken()).toBe(first)
  })
})

describe('a token source', () => {
  it('keeps a token for each set of parameters', async () => {
    const { verifier, tokens } = await start()
    const plain = await tokens.getToken()
    const scoped = await tokens.getToken({ scope: 'orders:read' })
    expect(scoped).not.toBe(plain)
    expect(await tokens.getToken({ scope: 'orders:read' })).toBe(scoped)
    expect(await tokens.getToken({})).toBe(plain)
    expect(verifier.requests.token).toBe(2)
  })

  it('holds no more than a thousand of them', async () => {
    let requests = 0
    const runtime = holdRuntime()
    const { tokens } = startWithSecret({
      ...runtime,
      fetch: () => Promise.resolve(answerFor(`t${++requests}`)),
    })
    for (let index = 0; index <= 1000; index++) await tokens.getToken({ scope: `s${index}` })
    expect(runtime.timers()).toBe(1000)
    expect(await tokens.getToken({ scope: 's1000' })).toBe('t1001')
    expect(await tokens.getToken({ scope: 's0' })).toBe('t1002')
  })

  it('evicts none that is being asked for, and those beyond a thousand afterwards', async () => {
    const runtime = holdRuntime()
    const answers: (() => void)[] = []
    const fetch = () =>
      new Promise<Response>((resolve) => answers.push(() => resolve(answerFor('t'))))
    const { tokens } = startWithSecret({ ...runtime, fetch })
    const waiting = Array.from({ length: 1200 }, (_, index) =>
      tokens.getToken({ scope: `s${index}` }),
    )
    await until(() => answers.length >= 1000)
    await new Promise(setImmediate)
    expect(answers).toHaveLength(1200)
    for (const answer of answers) answer()
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['t']))
    expect(runtime.timers()).toBe(1000)
  })

  it('keeps those whose renewal is under way', async () => {
    const runtime = holdRuntime()
    let renewals = 0
    let answerLast = () => {}
    const fetch = (_: string, { body }: RequestInit = {}) =>
      body === 'grant_type=client_credentials&scope=s0' && renewals++ > 0
        ? new Promise<Response>((resolve) => (answerLast = () => resolve(answerFor('renewed'))))
        : Promise.resolve(answerFor('t'))
    const { tokens, count } = startWithSecret({ ...runtime, fetch })
    await tokens.getToken({ scope: 's0' })
    runtime.advance(14 * MINUTE)
    await until(() => renewals === 2)
    for (let index = 1; index <= 1000; index++) await tokens.getToken({ scope: `s${index}` })
    const obtained = count('tokenObtained')
    answerLast()
    await until(() => count('tokenObtained') > obtained)
    expect(await tokens.getToken({ scope: 's0' })).toBe('renewed')
  })

  it.each([
    ['a line break in the tenant', { tenant: 'a\r\nX-Admin: 1' }, 'in "tenant"'],
    ['an empty tenant', { tenant: '' }, 'in "tenant"'],
    ['a scope that is no text', { scope: ['a', 'b'] }, 'a text as "scope"'],
    ['a parameter of another name', { tennant: 'kpmg' }, 'found "tennant"'],
  ])('refuses %s before anything is asked', async (_, parameters, found) => {
    const { verifier, tokens } = await start()
    const failures = [
      await failureOf(tokens.getToken(parameters as object)),
      await failureOf(tokens.ready(parameters as object)),
      await failureOf(() => tokens.dropToken('token', parameters as object)),
    ]
    for (const error of failures) {
      expect(error).toMatchObject({
        code: 'invalid_option',
        kind: 'configuration',
        retryable: false,
      })
      expect(error.message).toContain(found)
      expect(error.message).toMatch(/^[\x20-\x7e]+$/)
    }
    expect(verifier.requests).toMatchObject({ discovery: 0, token: 0 })
  })

  it('ends the wait of one caller and serves the others', async () => {
    const { verifier, tokens } = await start()
    const leaving = new AbortController()
    const gone = tokens.getToken({ signal: leaving.signal })
    const staying = tokens.getToken()
    const reason = new Error('enough')
    leaving.abort(reason)
    await expect(gone).rejects.toBe(reason)
    await expect(tokens.getToken({ signal: leaving.signal })).rejects.toBe(reason)
    expect(typeof (await staying)).toBe('string')
    expect(verifier.requests.token).toBe(1)
  })

  it('has one listener on a signal that many calls wait on, and none afterwards', async () => {
    const { tokens } = await start()
    const { signal } = new AbortController()
    const calls = Array.from({ length: 50 }, () => tokens.getToken({ signal }))
    await Promise.resolve()
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await Promise.all(calls)
    await new Promise(setImmediate)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('ends the wait of all callers on one signal', async () => {
    const { verifier, tokens } = await start()
    verifier.fail('token', 'hang')
    const leaving = new AbortController()
    const calls = Array.from({ length: 3 }, () => tokens.getToken({ signal: leaving.signal }))
    const reason = new Error('enough')
    leaving.abort(reason)
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes).toEqual(Array(3).fill({ status: 'rejected', reason }))
    expect(getEventListeners(leaving.signal, 'abort')).toHaveLength(0)
  })

  it('ends waiting calls, timers and itself when it is closed', async () => {
    const { runtime, verifier, tokens } = await start()
    await tokens.getToken()
    verifier.fail('token', 'hang')
    const waiting = failureOf(tokens.getToken({ scope: 'other' }))
    await until(() => verifier.requests.token === 2)
    tokens.close()
    expect(await waiting).toMatchObject({ code: 'closed' })
    expect(await failureOf(tokens.getToken())).toMatchObject({ code: 'closed' })
    expect(runtime.timers()).toBe(0)
  })

  it('is idle before it is asked', async () => {
    const { tokens } = await start()
    expect(tokens.health()).toMatchObject({
      status: 'idle',
      expiresAt: undefined,
      error: undefined,
    })
  })

  it('warns of the end of its credential from thirty days before, once a day', async () => {
    const runtime = holdRuntime()
    const verifier = closing(
      await startDevVerifier({ lifetime: 900, runtime: { now: runtime.now } }),
    )
    const validUntil = new Date(runtime.now() + 29 * 24 * 60 * MINUTE)
    const { credential, privateKey } = verifier.issueMachineCredential({ validUntil })
    const { recorded, events, count } = record()
    const options = {
      verifier: verifier.issuer,
      credential,
      privateKey: privateKey.hex,
      runtime,
      events,
    }
    const tokens = closing(createTokenSource(options))
    await tokens.getToken()
    const validUntilSeconds = validUntil.getTime() / 1_000
    expect(recorded[0]).toEqual({
      event: 'credentialExpiring',
      issuer: verifier.issuer,
      validUntil: validUntilSeconds,
    })
    for (let hour = 0; hour < 24; hour++) {
      // The renewal that falls due on the way is signed before the clock jumps, and refused after
      // it.
      runtime.advance(60 * MINUTE)
      await until(() => count('tokenObtained') + count('tokenRequestFailed') === 2 * hour + 2)
      runtime.advance(1000)
      await tokens.getToken()
    }
    expect(count('credentialExpiring')).toBe(2)
    expect(tokens.health().credentialValidUntil).toBe(validUntilSeconds)
  })
})
