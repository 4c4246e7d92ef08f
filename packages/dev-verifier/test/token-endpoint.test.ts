import {
  createDevVerifier,
  startDevVerifier,
  type CredentialRequest,
  type DevVerifier,
  type IssuedCredential,
  type TokenRequestOptions,
} from '../src/index.js'
import { generateKeyPair, privateKeyForms } from '../src/keys.js'
import {
  answerOf,
  grantedClaims,
  JAVA_PROFILES,
  postForm,
  requestToken,
  recordRefusals,
  START,
} from './support.js'

const otherKey = privateKeyForms(generateKeyPair()).hex
const now = (): number => START / 1_000
const past = new Date('2020-01-01T00:00:00Z')
const future = new Date('2100-01-01T00:00:00Z')

interface Case {
  /** What the log must name as the true cause. */
  readonly cause: RegExp
  /** Answers of Verifiers before 3.2.1, and since. */
  readonly bare: string
  readonly translated: string
  readonly credential?: CredentialRequest
  readonly request?: TokenRequestOptions | ((verifier: DevVerifier) => TokenRequestOptions)
  readonly prepare?: (verifier: DevVerifier, machine: IssuedCredential) => void
}

const client = { bare: '401 invalid_client', translated: '400 invalid_client' }
const escaped = { bare: '403 -', translated: '400 invalid_client' }
const grant = { bare: '403 -', translated: '400 invalid_grant' }

const cases: Record<string, Case> = {
  'no client_id': {
    cause: /client_id/,
    bare: '400 invalid_request',
    translated: '401 -',
    request: { form: { client_id: undefined } },
  },
  'no client_assertion': {
    cause: /client_assertion/,
    bare: '401 -',
    translated: '401 -',
    request: { form: { client_assertion: undefined } },
  },
  'another client_assertion_type': {
    cause: /client_assertion_type/,
    bare: '401 -',
    translated: '401 -',
    request: { form: { client_assertion_type: 'jwt' } },
  },
  'no grant_type': {
    cause: /grant_type/,
    bare: '400 invalid_request',
    translated: '400 invalid_request',
    request: { form: { grant_type: undefined } },
  },
  'another grant_type': {
    cause: /grant_type/,
    bare: '403 -',
    translated: '400 unsupported_grant_type',
    request: { form: { grant_type: 'password' } },
  },
  'a client_id that is no did:key': {
    ...client,
    cause: /no did:key/,
    request: { form: { client_id: 'orders' } },
  },
  'an assertion that is no JWT': {
    ...client,
    cause: /compact JWS/,
    request: { form: { client_assertion: 'a.b' } },
  },
  'an assertion signed by another key': {
    ...client,
    cause: /not signed/,
    request: { assertionKey: otherKey },
  },
  'an assertion with another iss': {
    ...client,
    cause: /iss must equal/,
    request: { assertion: { iss: 'x' } },
  },
  'an assertion with another sub': {
    ...client,
    cause: /sub must equal/,
    request: { assertion: { sub: 'x' } },
  },
  'an assertion for another audience': {
    ...client,
    cause: /aud must be the Verifier's URL/,
    request: { assertion: { aud: 'https://other.example.com' } },
  },
  'an audience with a trailing slash': {
    ...client,
    cause: /without a trailing slash/,
    request: ({ issuer }) => ({ assertion: { aud: `${issuer}/` } }),
  },
  'an audience in an array': {
    ...escaped,
    cause: /one string/,
    request: ({ issuer }) => ({ assertion: { aud: [issuer] } }),
  },
  'the token endpoint as audience': {
    ...escaped,
    cause: /nor one of its endpoints/,
    request: ({ issuer }) => ({ assertion: { aud: `${issuer}/oidc/token` } }),
  },
  'an assertion without jti': {
    ...escaped,
    cause: /jti/,
    request: { assertion: { jti: undefined } },
  },
  'an assertion with a blank jti': {
    ...escaped,
    cause: /jti/,
    request: { assertion: { jti: ' ' } },
  },
  'an expired assertion': {
    ...client,
    cause: /expired/,
    request: { assertion: { exp: now() - 1 } },
  },
  'an assertion without exp': {
    ...client,
    cause: /exp must be/,
    request: { assertion: { exp: undefined } },
  },
  'an exp that is no integer': {
    ...escaped,
    cause: /exp must be/,
    request: { assertion: { exp: now() + 60.5 } },
  },
  'no vp_token': { ...escaped, cause: /vp_token/, request: { assertion: { vp_token: undefined } } },
  'a vp_token in base64url': {
    ...escaped,
    cause: /standard Base64/,
    request: { assertion: { vp_token: Buffer.from('{"a":"ÿþ>>>???"}').toString('base64url') } },
  },
  'a vp_token that is no JWT': {
    ...escaped,
    cause: /vp_token: /,
    request: { assertion: { vp_token: Buffer.from('hello').toString('base64') } },
  },
  'a VP without a credential': {
    ...escaped,
    cause: /verifiableCredential/,
    request: { presentation: { vp: {} } },
  },
  'a VP whose credential is no JWT': {
    ...escaped,
    cause: /the credential: /,
    request: { presentation: { vp: { verifiableCredential: ['x'] } } },
  },
  'a VP signed by another key': {
    ...escaped,
    cause: /VP is not signed/,
    request: { presentationKey: otherKey },
  },
  'a VP that names another key': {
    ...escaped,
    cause: /names another key/,
    request: {
      presentationHeader: {
        jwk: undefined,
        kid: 'did:key:zDnaepsL7AXenJkVYdkh5KuKsSU7Ykh7kyXaLLU7auN9FWSiZ',
      },
    },
  },
  'an expired VP': {
    ...escaped,
    cause: /VP has expired/,
    request: { presentation: { exp: now() - 1 } },
  },
  'an expired credential': { ...grant, cause: /valid until/, credential: { validUntil: past } },
  'a credential not yet valid': {
    ...grant,
    cause: /valid from/,
    credential: { validFrom: future, validUntil: future },
  },
  'a revoked credential': { ...grant, cause: /revoked/, credential: { revoked: true } },
  'a credential revoked later': {
    ...grant,
    cause: /revoked/,
    prepare: (_, machine) => machine.revoke(),
  },
  'a credential of an unknown issuer': {
    ...escaped,
    cause: /trusted issuers/,
    credential: { untrusted: true },
  },
  'a forged credential': {
    ...escaped,
    cause: /not signed .* by the key of its issuer/,
    credential: { forged: true },
  },
  'a status list out of reach': {
    cause: /status list/,
    bare: '403 -',
    translated: '400 server_error',
    credential: { status: 'bitstring' },
    prepare: (verifier) => verifier.fail('status', 'status-500'),
  },
}

describe.each(JAVA_PROFILES)('the token endpoint of %s', (profile) => {
  const { log, events } = recordRefusals()
  const runtime = { now: () => START }
  const verifier = createDevVerifier({ profile, events, runtime })
  const generation = profile === 'eudistack-3.3' ? 'translated' : 'bare'

  afterEach(() => {
    log.length = 0
    verifier.heal()
  })

  it('gives a machine a token', async () => {
    const response = await requestToken(verifier, verifier.issueMachineCredential())
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toContain('no-store')
    expect(await grantedClaims(response)).toMatchObject({
      iss: verifier.issuer,
      aud: verifier.issuer,
    })
    expect(log).toEqual([])
  })

  it.each(Object.entries(cases))(
    'refuses %s',
    async (_, { cause, credential, request, prepare, ...answers }) => {
      const machine = verifier.issueMachineCredential(credential)
      prepare?.(verifier, machine)
      const response = await requestToken(
        verifier,
        machine,
        typeof request === 'function' ? request(verifier) : request,
      )
      expect(await answerOf(response)).toBe(answers[generation])
      expect(log).toEqual([expect.stringMatching(cause)])
      expect(log.join()).not.toMatch(/eyJ[\w-]+\./)
    },
  )

  it('takes an assertion once only, even if its first use failed', async () => {
    const machine = verifier.issueMachineCredential()
    const form = verifier.tokenRequest(machine)
    expect(await answerOf(await postForm(verifier, form))).toBe('200 undefined')
    expect(await answerOf(await postForm(verifier, form))).toBe(escaped[generation])
    expect(log).toEqual([expect.stringMatching(/jti was used before/)])

    const times = { iat: now() - 90, exp: now() - 30 }
    const failed = verifier.tokenRequest(machine, { assertion: { jti: 'used-up', ...times } })
    await postForm(verifier, failed)
    await requestToken(verifier, machine, { assertion: { jti: 'used-up' } })
    expect(log.at(-1)).toMatch(/jti was used before/)
  })

  it('refuses the VP of another client, unless laxity is mimicked', async () => {
    const [victim, thief] = [verifier.issueMachineCredential(), verifier.issueMachineCredential()]
    const stolen = { ...victim, did: thief.did }
    const options = { assertionKey: thief.privateKey.hex, presentationHeader: { kid: victim.did } }
    expect(await answerOf(await requestToken(verifier, stolen, options))).toBe(escaped[generation])
    expect(log).toEqual([expect.stringMatching(/client_id is not the holder/)])

    const lax = createDevVerifier({ profile, mimicLaxity: true })
    const theirs = { ...lax.issueMachineCredential(), did: thief.did }
    const laxOptions = {
      assertionKey: thief.privateKey.hex,
      presentationHeader: { kid: undefined },
      presentation: { exp: 1 },
    }
    expect((await requestToken(lax, theirs, laxOptions)).status).toBe(200)
  })

  it("refuses an employee's credential", async () => {
    const employee = verifier.issueEmployeeCredential()
    expect(await answerOf(await requestToken(verifier, employee))).toBe(escaped[generation])
    expect(log).toEqual([expect.stringMatching(/cannot be used with client_credentials/)])
  })

  it('takes milliseconds for exp, as real clients send them', async () => {
    const response = await requestToken(verifier, verifier.issueMachineCredential(), {
      assertion: { exp: START + 60_000 },
    })
    expect(response.status).toBe(200)
  })

  it.each(['jwk', 'kid'] as const)('takes a VP whose header has %s only', async (member) => {
    const presentationHeader = member === 'jwk' ? { kid: undefined } : { jwk: undefined }
    const response = await requestToken(verifier, verifier.issueMachineCredential(), {
      presentationHeader,
    })
    expect(response.status).toBe(200)
  })

  it('answers the same over HTTP', async () => {
    const listening = await startDevVerifier({ profile })
    const url = `${listening.issuer}/oidc/token`
    const machine = listening.issueMachineCredential()
    const good = await fetch(url, { method: 'POST', body: listening.tokenRequest(machine) })
    expect(await grantedClaims(good)).toMatchObject({ iss: listening.issuer })
    const bad = await fetch(url, {
      method: 'POST',
      body: listening.tokenRequest(machine, { assertion: { jti: undefined } }),
    })
    expect(await answerOf(bad)).toBe(escaped[generation])
    await listening.close()
  })
})
