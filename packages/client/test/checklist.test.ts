import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { presentationChecklist, registeredKeyChecklist, secretChecklist } from '../src/checklist.js'
import { readCredential } from '../src/credential.js'
import { didKeyToJwk } from '../src/did-key.js'
import { createTokenSource, type ChecklistItem, type TokenSourceError } from '../src/index.js'
import { closing, failureOf, holdRuntime, serve } from './support.js'

const issuer = 'https://verifier.example.org/verifier'
const did = 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169'

interface CredentialParts {
  readonly header?: object
  readonly cnf?: object
}

function credentialOf({ header = {}, cnf }: CredentialParts = {}) {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    cnf,
    vc: { credentialSubject: { mandate: { mandatee: { id: did }, power: [{ domain: 'kpmg' }] } } },
  }
  return readCredential(`${encode({ alg: 'ES256', ...header })}.${encode(claims)}.AAAA`)
}

/** Answers as the real Verifiers give them. */
const ANSWERS = {
  'an empty 403': { status: 403, oauthError: undefined, isBare: true },
  '401 invalid_client': { status: 401, oauthError: 'invalid_client', isBare: false },
  '400 invalid_client': { status: 400, oauthError: 'invalid_client', isBare: false },
  '400 invalid_grant': { status: 400, oauthError: 'invalid_grant', isBare: false },
  unsupported_grant_type: { status: 400, oauthError: 'unsupported_grant_type', isBare: false },
} as const

function check(
  answer: keyof typeof ANSWERS,
  options: CredentialParts & { audience?: string; clockOffset?: number | undefined } = {},
) {
  const { audience = issuer, ...parts } = options
  const refusal = { clockOffset: 0, ...ANSWERS[answer], ...options }
  const items = presentationChecklist(credentialOf(parts), { issuer, audience })(refusal, {
    tenant: 'kpmg',
  })
  const of = (name: ChecklistItem['check']) => items.find((item) => item.check === name)
  return { items, of, verdicts: items.map(({ check, verdict }) => `${verdict} ${check}`) }
}

describe('the checklist of a machine with a credential', () => {
  it('takes an empty 403 for a refusal after client authentication', () => {
    expect(check('an empty 403').verdicts).toEqual([
      'passed registration',
      'passed clock',
      'passed key',
      'passed validity',
      'passed encoding',
      'passed audience',
      'failed certificate',
      'unknown confirmation',
      'unknown mandator',
      'unknown revocation',
      'unknown lists',
    ])
  })

  it('takes 401 invalid_client for a failure of client authentication alone', () => {
    const { verdicts, of } = check('401 invalid_client')
    expect(verdicts).toEqual(['passed clock', 'unknown audience', 'unknown registration'])
    expect(of('registration')?.detail).toContain('the client was not recognised')
  })

  it('takes invalid_grant for the credential itself', () => {
    expect(check('400 invalid_grant').verdicts).toEqual([
      'passed clock',
      'passed validity',
      'unknown revocation',
    ])
  })

  it('rules nothing out by 400 invalid_client, which Verifiers from 3.2.1 on say of all', () => {
    const { items, of } = check('400 invalid_client')
    expect(items).toHaveLength(12)
    expect(of('tenant')?.verdict).toBe('passed')
    expect(of('certificate')?.verdict).toBe('unknown')
  })

  it('knows a server without the grant', () => {
    const { items } = check('unsupported_grant_type')
    expect(items).toEqual([
      {
        check: 'grant',
        verdict: 'failed',
        detail: expect.stringContaining('FIWARE VCVerifier') as string,
      },
    ])
  })

  it.each([
    ['no certificate', {}, 'failed', 'has no "x5c"'],
    ['an empty list', { x5c: [] }, 'failed', 'has no "x5c"'],
    ['RSA', { x5c: ['MII'], alg: 'RS256' }, 'unknown', 'signed with RS256: Verifiers 1 and 2 take'],
    ['EC', { x5c: ['MII'], alg: 'ES256' }, 'unknown', 'signed with ES256: Verifiers 1 and 2 take'],
  ])('looks at the certificate of the credential: %s', (_, header, verdict, detail) => {
    const found = check('an empty 403', { header }).of('certificate')
    expect(found?.verdict).toBe(verdict)
    expect(found?.detail).toContain(detail)
  })

  it.each([
    ['in cnf.jwk', { jwk: didKeyToJwk(did) }, 'passed', 'names its key'],
    ['in cnf.kid', { kid: did }, 'unknown', 'no "cnf.jwk"'],
    ['nowhere', undefined, 'unknown', 'no "cnf.jwk"'],
  ])('looks where the credential names its key: %s', (_, cnf, verdict, detail) => {
    const found = check('an empty 403', cnf && { cnf }).of('confirmation')
    expect(found?.verdict).toBe(verdict)
    expect(found?.detail).toContain(detail)
  })

  it.each([
    ['the token endpoint', `${issuer}/oidc/token`, 'an empty 403', 'failed', 'Spanish guide'],
    [
      'another address',
      'https://other.example.org',
      '401 invalid_client',
      'failed',
      'the issuer is',
    ],
    ['the bare origin', new URL(issuer).origin, '401 invalid_client', 'failed', 'bare origin'],
    ['the bare origin', new URL(issuer).origin, '400 invalid_client', 'unknown', 'bare origin'],
    ['the issuer', issuer, '401 invalid_client', 'unknown', 'character by character'],
  ] as const)('looks at the audience: %s', (_, audience, answer, verdict, detail) => {
    const found = check(answer, { audience }).of('audience')
    expect(found?.verdict).toBe(verdict)
    expect(found?.detail).toContain(detail)
  })

  it('says what the Spanish guide says otherwise', () => {
    expect(check('an empty 403').of('encoding')?.detail).toContain(
      "EUDIStack's Spanish guide says base64url",
    )
  })

  it.each([
    ['ahead', 40_000, 'failed', '40 s ahead of'],
    ['behind', -40_000, 'failed', '40 s behind'],
    ['in step', 900, 'passed', 'in step with'],
    ['unknown', undefined, 'unknown', 'no Date'],
  ])('looks at the clock: %s', (_, clockOffset, verdict, detail) => {
    const found = check('401 invalid_client', { clockOffset }).of('clock')
    expect(found?.verdict).toBe(verdict)
    expect(found?.detail).toContain(detail)
  })
})

describe('the checklist of a registered client', () => {
  const refusal = { ...ANSWERS['401 invalid_client'], clockOffset: 0 }

  it('with a key speaks of its assertion', () => {
    const names = registeredKeyChecklist(issuer)(refusal, {}).map(({ check }) => check)
    expect(names).toEqual(['clock', 'audience', 'registration'])
  })

  it('with a secret speaks of the secret, and of no assertion', () => {
    const items = secretChecklist(refusal, {})
    expect(items.map(({ check }) => check)).toEqual(['secret', 'registration'])
    expect(items[0]?.detail).toContain('clientAuthentication')
    expect(JSON.stringify(items)).not.toMatch(/aud|assertion|private_key_jwt/)
  })

  it('names a grant that the server does not have', () => {
    const refused = { ...ANSWERS.unsupported_grant_type, clockOffset: 0 }
    for (const checklist of [registeredKeyChecklist(issuer), secretChecklist])
      expect(checklist(refused, {})[0]).toMatchObject({ check: 'grant', verdict: 'failed' })
  })
})

/** The failure at a token endpoint that answers so. */
async function failureAt(
  answer: (end: (status: number, body: string) => void, destroy: () => void) => void,
): Promise<TokenSourceError> {
  const origin = await serve((request, response) => {
    request.resume().on('end', () =>
      answer(
        (status, body) => void response.writeHead(status).end(body),
        () => void request.socket.destroy(),
      ),
    )
  })
  const { credential, privateKey } = createDevVerifier().issueMachineCredential()
  const options = {
    verifier: origin,
    tokenEndpoint: `${origin}/token`,
    credential,
    privateKey: privateKey.hex,
    runtime: holdRuntime(Date.now()),
    tries: 1,
  }
  return failureOf(closing(createTokenSource(options)).getToken())
}

describe('a refused token request', () => {
  it('names FIWARE, whose errors have other members', async () => {
    const body = { summary: 'unsupported_grant_type', details: 'Provided grant_type is not known.' }
    const error = await failureAt((end) => end(400, JSON.stringify(body)))
    expect(error).toMatchObject({
      code: 'token_request_refused',
      oauthError: 'unsupported_grant_type',
      checklist: [{ check: 'grant', verdict: 'failed' }],
    })
    expect(error.message).toContain('unsupported_grant_type (Provided grant_type is not known.)')
    expect(error.message).toContain('FIWARE VCVerifier')
  })

  it('tells each cause in its message', async () => {
    const error = await failureAt((end) => end(403, ''))
    expect(error.message).toContain('found status 403, without a reason')
    for (const { check, verdict, detail } of error.checklist)
      expect(error.message).toContain(`\n  ${verdict}: ${check}: ${detail}`)
    expect(error.checklist.map(({ check }) => check)).toContain('lists')
  })

  it('that ends without an answer may be due to a list of the Verifier', async () => {
    const error = await failureAt((_, destroy) => destroy())
    expect(error.code).toBe('verifier_unreachable')
    expect(error.message).toContain('list of trusted issuers is out of reach')
  })
})
