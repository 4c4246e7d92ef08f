import {
  startDevVerifier,
  type DevVerifier,
  type FaultName,
  type IssuedCredential,
} from '@verifier-guard/dev-verifier'
import { createTokenSource, type TokenSourceErrorCode } from '../src/index.js'
import { closing, failureOf, holdRuntime, record, until } from './support.js'

async function start({ ahead = 0, lifetime = 900 } = {}) {
  const runtime = holdRuntime()
  const clock = { now: () => runtime.now() - ahead }
  const verifier = closing(await startDevVerifier({ lifetime, runtime: clock }))
  const machine = verifier.issueMachineCredential()
  return { runtime, verifier, machine, ...connect(verifier, machine, runtime) }
}

function connect(
  verifier: DevVerifier,
  { credential, privateKey }: IssuedCredential,
  runtime = holdRuntime(),
) {
  const { events, ...recorded } = record()
  const options = {
    verifier: verifier.issuer,
    credential,
    privateKey: privateKey.hex,
    runtime,
    events,
  }
  return { tokens: closing(createTokenSource(options)), ...recorded }
}

interface Row {
  readonly fault: FaultName
  readonly code: TokenSourceErrorCode
  readonly retryable: boolean
  /** Requests sent for one call. */
  readonly requests: number
}

/** What every fault of the token endpoint becomes. */
const tokenFaults: readonly Row[] = [
  { fault: 'refuse', code: 'verifier_unreachable', retryable: true, requests: 3 },
  { fault: 'status-500', code: 'verifier_error', retryable: true, requests: 3 },
  { fault: 'status-503', code: 'verifier_error', retryable: true, requests: 3 },
  { fault: 'server-error-400', code: 'verifier_error', retryable: true, requests: 3 },
  { fault: 'status-429', code: 'rate_limited', retryable: true, requests: 1 },
  { fault: 'status-400', code: 'token_request_refused', retryable: false, requests: 1 },
  { fault: 'status-403', code: 'token_request_refused', retryable: false, requests: 1 },
  { fault: 'status-404', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'redirect', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'html', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'empty-body', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'json-null', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'json-array', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'truncated-json', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'no-access-token', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'wrong-token-type', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'endless-body', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'huge-body', code: 'unusable_answer', retryable: true, requests: 3 },
]

const discoveryFaults: readonly Row[] = [
  { fault: 'refuse', code: 'verifier_unreachable', retryable: true, requests: 3 },
  { fault: 'status-500', code: 'verifier_error', retryable: true, requests: 3 },
  { fault: 'status-429', code: 'rate_limited', retryable: true, requests: 1 },
  { fault: 'html', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'json-null', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'redirect', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'endless-body', code: 'unusable_answer', retryable: true, requests: 3 },
  { fault: 'wrong-issuer', code: 'issuer_mismatch', retryable: false, requests: 1 },
  // One look at each place below the issuer where metadata may be.
  { fault: 'status-404', code: 'issuer_mismatch', retryable: false, requests: 2 },
]

describe.each([
  { endpoint: 'token', rows: tokenFaults },
  { endpoint: 'discovery', rows: discoveryFaults },
] as const)('faults of the $endpoint endpoint', ({ endpoint, rows }) => {
  it.each(rows)('$fault is $code', async ({ fault, code, retryable, requests }) => {
    const { verifier, machine, tokens, runtime } = await start()
    verifier.fail(endpoint, fault)
    const error = await failureOf(tokens.getToken())
    expect(error).toMatchObject({ code, retryable })
    expect(verifier.requests[endpoint]).toBe(requests)
    for (const secret of [machine.privateKey.hex, machine.credential])
      expect(inFull(error)).not.toContain(secret)
    expect(inFull(error)).not.toMatch(/eyJ[\w-]+\./)
    // Whoever asks while the pause lasts gets the same answer without a request.
    expect(await failureOf(tokens.getToken())).toBe(error)
    expect(verifier.requests[endpoint]).toBe(requests)
    verifier.heal()
    runtime.advance(60_000)
    expect(typeof (await tokens.getToken())).toBe('string')
  })

  it('hang ends in a timeout', async () => {
    const { verifier, tokens, runtime } = await start()
    verifier.fail(endpoint, 'hang')
    const failure = failureOf(tokens.getToken())
    for (const request of [1, 2, 3]) {
      await until(() => verifier.requests[endpoint] === request)
      runtime.advance(5000)
    }
    expect(await failure).toMatchObject({ code: 'verifier_timeout', retryable: true })
    expect(verifier.requests[endpoint]).toBe(3)
  })

  it('slow is waited for', async () => {
    const { verifier, tokens } = await start()
    verifier.fail(endpoint, 'slow', { delay: 50 })
    expect(typeof (await tokens.getToken())).toBe('string')
    expect(verifier.requests[endpoint]).toBe(1)
  })

  it('one failure is got over without the caller noticing', async () => {
    const { verifier, tokens, runtime } = await start()
    verifier.fail(endpoint, 'status-503', { times: 2 })
    expect(typeof (await tokens.getToken())).toBe('string')
    expect(runtime.slept).toEqual([150, 300])
  })
})

describe('a Verifier that refuses', () => {
  it('gets each signature once: every try has another jti', async () => {
    const { verifier, tokens } = await start()
    verifier.fail('token', 'truncated-json', { times: 2 })
    expect(typeof (await tokens.getToken())).toBe('string')
    expect(verifier.requests.token).toBe(3)
  })

  it.each([
    ['eudistack-3.3', 'invalid_grant', ['clock', 'validity']],
    ['dome', undefined, ['registration', 'clock', 'key', 'validity', 'encoding', 'audience']],
  ] as const)(
    'a revoked credential shows as %s with %s, and the client lists what it knows',
    async (profile, oauthError, passed) => {
      const verifier = closing(await startDevVerifier({ profile }))
      const machine = verifier.issueMachineCredential({ revoked: true })
      const error = await failureOf(
        closing(
          createTokenSource({
            verifier: verifier.issuer,
            credential: machine.credential,
            privateKey: machine.privateKey.hex,
          }),
        ).ready(),
      )
      expect(error).toMatchObject({ code: 'token_request_refused', oauthError })
      const left = error.checklist.filter(({ verdict }) => verdict === 'unknown')
      expect(left.map(({ check }) => check)).toContain('revocation')
      const ruledOut = error.checklist.filter(({ verdict }) => verdict === 'passed')
      expect(ruledOut.map(({ check }) => check)).toEqual(expect.arrayContaining(passed))
      for (const { detail } of error.checklist) expect(error.message).toContain(detail)
    },
  )

  it('of an audience that is the token endpoint names it', async () => {
    const { verifier, machine } = await start()
    const { credential, privateKey } = machine
    const options = {
      verifier: verifier.issuer,
      assertionAudience: `${verifier.issuer}/oidc/token`,
      credential,
      privateKey: privateKey.hex,
    }
    const error = await failureOf(closing(createTokenSource(options)).getToken())
    expect(error.checklist).toContainEqual(
      expect.objectContaining({ check: 'audience', verdict: 'failed' }),
    )
    expect(error.message).toContain('Spanish guide')
  })

  it('between two renewals: the token at hand is used to its end, then callers get the error', async () => {
    const { verifier, machine, tokens, runtime, count } = await start()
    const first = await tokens.getToken()
    machine.revoke()
    runtime.advance(14 * 60_000)
    await until(() => count('tokenRequestFailed') === 1)
    expect(await tokens.getToken()).toBe(first)
    runtime.advance(50_000)
    expect(await failureOf(tokens.getToken())).toMatchObject({
      code: 'token_request_refused',
      oauthError: 'invalid_grant',
    })
    // One request for the renewal, one for the call after its end; a refusal is not asked again by
    // itself.
    expect(verifier.requests.token).toBe(3)
  })

  it('is not asked more than once a minute in the end', async () => {
    const { verifier, machine, tokens, runtime } = await start()
    machine.revoke()
    for (let second = 0; second < 3600; second++) {
      await failureOf(tokens.getToken())
      runtime.advance(1000)
    }
    expect(verifier.requests.token).toBeGreaterThan(60)
    expect(verifier.requests.token).toBeLessThan(100)
  })
})

describe('Retry-After', () => {
  it('is heeded: no request leaves before', async () => {
    const { verifier, tokens, runtime } = await start()
    verifier.fail('token', 'status-429', { times: 1 })
    expect(await failureOf(tokens.getToken())).toMatchObject({ retryAfter: 60, status: 429 })
    runtime.advance(59_999)
    await failureOf(tokens.getToken())
    expect(verifier.requests.token).toBe(1)
    runtime.advance(1)
    expect(typeof (await tokens.getToken())).toBe('string')
  })
})

describe('clocks that differ', () => {
  it('behind the Verifier by more than an assertion lives: the refusal names the clock', async () => {
    const runtime = holdRuntime(Date.now() - 120_000)
    const verifier = closing(await startDevVerifier())
    const { tokens } = connect(verifier, verifier.issueMachineCredential(), runtime)
    const error = await failureOf(tokens.getToken())
    expect(error.code).toBe('token_request_refused')
    expect(error.checklist[0]).toMatchObject({
      check: 'clock',
      verdict: 'failed',
      detail: expect.stringMatching(/1\d\d s behind/) as string,
    })
  })

  it('ahead of it by less than a token lives: the token is renewed earlier', async () => {
    const { tokens, runtime, count } = await start({ ahead: 300_000 })
    await tokens.getToken()
    expect(tokens.health().expiresAt).toBe(runtime.now() / 1_000 + 600)
    runtime.advance(550_000)
    await until(() => count('tokenObtained') === 2)
  })

  it('ahead of it by more than a token lives: the error says so, and nothing repeats', async () => {
    const runtime = holdRuntime(Date.now() + 3600_000)
    const verifier = closing(await startDevVerifier())
    const { tokens } = connect(verifier, verifier.issueMachineCredential(), runtime)
    const error = await failureOf(tokens.getToken())
    expect(error).toMatchObject({ code: 'token_already_expired', retryable: false })
    expect(error.message).toMatch(/\d+ s ahead/)
    expect(verifier.requests.token).toBe(1)
  })

  it('a token of a minute is used and renewed, not asked for at every call', async () => {
    const { verifier, tokens, runtime } = await start({ lifetime: 60 })
    await tokens.getToken()
    runtime.advance(20_000)
    await tokens.getToken()
    expect(verifier.requests.token).toBe(1)
  })
})

/** Everything a log would show of an error. */
function inFull(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return [error.message, error.stack, JSON.stringify(error), inFull(error.cause ?? '')].join('\n')
}
