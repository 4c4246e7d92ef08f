import { startDevVerifier } from '@verifier-guard/dev-verifier'
import { createTokenSource, type TokenSourceOptions } from '../src/index.js'
import { readCredential } from '../src/credential.js'
import { closing, failureOf, holdRuntime } from './support.js'

const ESCAPE = '\u001b[2J'
const LINE = '\r\nlevel=fatal'
const LONG = 'x'.repeat(100_000)
const FOREIGN = ESCAPE + LINE + LONG

const issuer = 'https://login.example.org'
const basis = { authorizationServer: issuer, clientId: 'me', clientSecret: 'secret', tries: 1 }

/** What a message of ours must be, whatever was put into it: lines of a checklist are ours. */
function expectPrintable(error: Error): void {
  expect(error.message).toMatch(/^[\x20-\x7e\n]+$/)
  expect(error.message.replace(/\n {2}(?:passed|failed|unknown): /g, '')).not.toContain('\n')
  expect(error.message.length).toBeLessThan(2500)
}

/** A source whose authorization server answers so, and the failure that it ends in. */
async function failureOver(fetch: (url: string) => Response | Promise<Response>) {
  const answer = (url: string) => Promise.resolve().then(() => fetch(url))
  return failureOf(
    closing(
      createTokenSource({ ...basis, runtime: { ...holdRuntime(), fetch: answer } }),
    ).getToken(),
  )
}

describe('the message of an error', () => {
  it.each<[string, () => Response]>([
    [
      'the issuer of the metadata',
      () => Response.json({ issuer: `https://a/${FOREIGN}`, token_endpoint: `${issuer}/t` }),
    ],
    [
      'an endpoint elsewhere',
      () => Response.json({ issuer, token_endpoint: `https://${LONG}.example` }),
    ],
    ['the content type', () => new Response('', { headers: { 'content-type': `text/${LONG}` } })],
    [
      'the failure of the connection',
      () => {
        throw new TypeError('fetch failed', { cause: new Error(FOREIGN) })
      },
    ],
  ])('shows %s in part and on one line', async (_, answer) => {
    expectPrintable(await failureOver(answer))
  })

  it.each([`${issuer}/to\nken?hunter2=1`, `${issuer}/${LONG}?hunter2=1`])(
    'shows an endpoint without what is not for logs',
    async (token_endpoint) => {
      const error = await failureOver((url) =>
        url.includes('.well-known')
          ? Response.json({ issuer, token_endpoint })
          : Response.json({ error: FOREIGN, error_description: FOREIGN }, { status: 400 }),
      )
      expect(error.code).toBe('token_request_refused')
      expect(error.message).not.toContain('hunter2')
      expectPrintable(error)
    },
  )

  it('shows no user of an endpoint, which is trusted with nothing then', async () => {
    const error = await failureOver(() =>
      Response.json({ issuer, token_endpoint: 'https://user:hunter2@login.example.org/token' }),
    )
    expect(error.code).toBe('endpoint_not_trusted')
    expect(error.message).not.toContain('hunter2')
  })

  it('shows what a credential says in part and on one line', async () => {
    const verifier = closing(await startDevVerifier())
    const power = { function: 'Login', action: 'oidc_m2m', domain: FOREIGN }
    const { credential, privateKey } = verifier.issueMachineCredential({ powers: [power, power] })
    const options = {
      verifier: verifier.issuer,
      credential,
      privateKey: privateKey.hex,
      tenant: 'other',
    }
    expectPrintable(await failureOf(closing(createTokenSource(options)).getToken()))
    const type = [`LEARCredentialEmployee${FOREIGN}`]
    const claims = Buffer.from(JSON.stringify({ vc: { type } })).toString('base64url')
    expectPrintable(await failureOf(() => readCredential(`e30.${claims}.AAAA`)))
  })

  it.each<[string, object]>([
    ['the name of an option', { ...basis, [FOREIGN]: 1 }],
    ['the value of an option', { ...basis, tries: FOREIGN }],
    ['an address', { ...basis, authorizationServer: `http://${LONG}.example\n` }],
    ['an origin', { ...basis, allowedOrigins: [`https://${LONG}/`] }],
    [
      'a PEM',
      { ...basis, clientSecret: undefined, privateKey: `-----BEGIN ${LONG.toUpperCase()}-----` },
    ],
  ])('shows %s in part and on one line', async (_, options) => {
    expectPrintable(await failureOf(() => createTokenSource(options as TokenSourceOptions)))
  })

  it('shows an address that is not allowed in part', async () => {
    const tokens = closing(createTokenSource(basis))
    expectPrintable(await failureOf(tokens.fetch(`https://${LONG}.example/`)))
  })
})
