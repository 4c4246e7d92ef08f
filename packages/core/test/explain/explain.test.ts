import { explainToken, type Explanation } from '@verifier-guard/core/explain'
import {
  createResourceServer,
  ERRORS,
  GuardError,
  requiredPower,
  requiredStatus,
  systemRuntime,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import {
  brokenTokens,
  createDevVerifier,
  tokenShapes,
  type BrokenTokenName,
  type TokenShapeName,
} from '@verifier-guard/dev-verifier'
import { CURES } from '../../src/explain/cures.js'

const verifier = createDevVerifier()
const runtime = { ...systemRuntime, fetch: verifier.fetch, warn: () => {} }
const options: ResourceServerOptions = { issuer: verifier.issuer, profile: 'eudistack', runtime }
const verdicts = ({ checks }: Explanation) =>
  Object.fromEntries(checks.map(({ name, verdict }) => [name, verdict]))
const failed = ({ checks }: Explanation) =>
  checks.filter(({ verdict }) => verdict !== 'passed').map(({ name }) => name)

describe('a good token', () => {
  test('passes every check, each with what was expected and found', async () => {
    const explanation = await explainToken(verifier.mint(), options)
    expect(explanation.verdict).toBe('accepted')
    expect(explanation.code).toBeUndefined()
    expect(explanation.checks.map(({ name }) => name)).toEqual([
      ...['size', 'form', 'issuer', 'algorithm', 'signature'],
      ...['claim-types', 'token-type', 'required-claims', 'expiry', 'start', 'age'],
      ...['token-kind', 'audience', 'client', 'credential', 'employee-audience'],
      ...['kind', 'credential-validity', 'binding'],
    ])
    expect(failed(explanation)).toEqual([])
    for (const { expected, found } of explanation.checks) expect(expected && found).toBeTruthy()
  })

  test('is held to a requirement too, with the denial of a decision', async () => {
    const requirement = requiredPower({
      domain: 'DOME',
      function: 'ProductOffering',
      action: 'Delete',
    })
    const explanation = await explainToken(verifier.mint(), options, { requirement })
    expect(explanation.code).toBe('power_missing')
    expect(explanation.checks.at(-1)).toMatchObject({ name: 'requirement', verdict: 'failed' })
  })
})

describe('going on after the first failure', () => {
  test('everything else that is wrong is said too', async () => {
    const token = verifier.mint({
      kind: 'employee',
      expiresIn: -3_600,
      header: { typ: 'dpop+jwt' },
      validUntil: new Date('2023-11-14T00:00:00Z'),
    })
    const explanation = await explainToken(token, options)
    expect(explanation.code).toBe('token_type_not_accepted')
    expect(failed(explanation)).toEqual([
      ...['token-type', 'expiry', 'audience', 'employee-audience', 'kind', 'credential-validity'],
    ])
  })

  test('a token of another issuer is held to the settings of the only one', async () => {
    const explanation = await explainToken(verifier.mintBroken('wrong-issuer'), options)
    expect(verdicts(explanation)).toMatchObject({ issuer: 'failed', signature: 'passed' })
  })

  test('among several issuers nothing more is asked', async () => {
    const several = { ...options, issuer: [verifier.issuer, 'https://another.example.org'] }
    const explanation = await explainToken(verifier.mintBroken('wrong-issuer'), several)
    expect(explanation.checks.at(-1)).toMatchObject({ name: 'all others', verdict: 'skipped' })
    expect(explanation.verdict).toBe('refused')
  })

  test('claims of a wrong type are not compared', async () => {
    const explanation = await explainToken(verifier.mintBroken('string-exp'), options)
    expect(verdicts(explanation)).toMatchObject({ 'claim-types': 'failed', expiry: 'skipped' })
  })

  test('a missing "exp" is not compared', async () => {
    const explanation = await explainToken(verifier.mintBroken('missing-exp'), options)
    expect(verdicts(explanation)).toMatchObject({ 'required-claims': 'failed', expiry: 'skipped' })
  })

  test('a requirement is not asked of a forged token', async () => {
    const asked: unknown[] = []
    const requirement = { name: 'mine', check: (caller: unknown) => void asked.push(caller) }
    await explainToken(verifier.mintBroken('foreign-key'), options, { requirement })
    expect(asked).toEqual([])
    await explainToken(verifier.mint({ expiresIn: -99 }), options, { requirement })
    expect(asked).toHaveLength(1)
  })
})

describe('offline', () => {
  const offline = { ...options, runtime: { ...runtime, fetch: () => Promise.reject(new Error()) } }

  test('no request is sent, and what hangs on the signature is undecided', async () => {
    const explanation = await explainToken(verifier.mint(), offline, { offline: true })
    expect(explanation.verdict).toBe('undecided')
    expect(failed(explanation)).toEqual(['signature'])
  })

  test('a token that fails otherwise is refused', async () => {
    const token = verifier.mintBroken('expired')
    const explanation = await explainToken(token, offline, { offline: true })
    expect([explanation.verdict, explanation.code]).toEqual(['refused', 'token_expired'])
  })

  test('keys that are at hand are used', async () => {
    const held = { ...offline, keys: verifier.jwks() }
    expect(await explainToken(verifier.mint(), held, { offline: true })).toHaveProperty(
      'verdict',
      'accepted',
    )
  })

  test('no status list is looked up', async () => {
    const { credentialIssuer } = verifier
    const status = { lists: [{ url: credentialIssuer.statusLists, keys: credentialIssuer.keys }] }
    const explanation = await explainToken(
      verifier.mint(),
      { ...offline, keys: verifier.jwks(), status },
      { offline: true, requirement: requiredStatus() },
    )
    expect([explanation.verdict, explanation.code]).toEqual(['undecided', 'status_unavailable'])
  })
})

test('keys out of reach leave a token undecided, as a decision does', async () => {
  const down = { ...options, runtime: { ...runtime, fetch: () => Promise.reject(new Error()) } }
  const explanation = await explainToken(verifier.mint(), down)
  expect([explanation.verdict, explanation.code]).toEqual(['undecided', 'keys_unavailable'])
})

test('a wrong option throws as it does at start-up', async () => {
  await expect(explainToken('', { issuer: 'verifier' })).rejects.toThrow(GuardError)
})

describe('an explanation and a decision', () => {
  const server = createResourceServer(options)
  const decided = (token: string) =>
    server.verifyAccessToken(token).then(
      () => undefined,
      (error: GuardError) => error.code,
    )

  test.each(Object.keys(brokenTokens) as BrokenTokenName[])('agree on %s', async (name) => {
    const token = verifier.mintBroken(name)
    const code = await decided(token)
    expect(code).toBeDefined()
    expect((await explainToken(token, options)).code).toBe(code)
  })

  test.each(Object.keys(tokenShapes) as TokenShapeName[])('agree on %s', async (name) => {
    const token = verifier.mint(tokenShapes[name])
    expect((await explainToken(token, options)).code).toBe(await decided(token))
  })
})

test('every denial has a cure', () => {
  expect(Object.keys(CURES)).toEqual(Object.keys(ERRORS))
})
