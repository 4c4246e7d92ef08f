import { createTokenSource } from '@verifier-guard/client'
import { explainToken } from '@verifier-guard/core/explain'
import type { DevVerifier, IssuedCredential } from '@verifier-guard/dev-verifier'
import { startConsole } from '@verifier-guard/dev-verifier/console'
import type { GuardEvents } from '@verifier-guard/express'
import { startApi, type Api } from './api.js'
import { decodeJwt, shorten, transcript } from './transcript.js'

const { heading, line, value } = transcript

const verifier = await startConsole({
  profile: 'eudistack-3.3',
  explain:
    ({ issuer }) =>
    (text) =>
      explainToken(text, { issuer, profile: 'eudistack' }),
  events: { tokenRefused: ({ check, cause }) => line(`token refused (${check}): ${cause}`) },
})
const denials: GuardEvents['denied'][] = []
const api = await startApi(verifier.issuer, (event) => denials.push(event))
line(`Verifier on ${verifier.issuer}`)
line(`API on      ${api.url}`)

const machine = showCredential(verifier)
const token = await showTokenRequest(verifier, machine)
showToken(token)
await showCall(api, token)
await showDenials(api, verifier, token)

if (process.argv.includes('--keep')) {
  heading('Both servers stay up. Try it (end with Ctrl-C):')
  line(`curl -i ${api.url} -H 'Authorization: Bearer ${token}'`)
  line('The page of the development Verifier: credentials, tokens and why they are refused')
  line(verifier.consoleUrl)
} else {
  api.close()
  await verifier.close()
}

function showCredential({ issueMachineCredential }: DevVerifier): IssuedCredential {
  heading(
    '1. The credential: a LEARCredentialMachine, signed by its issuer, and the key it is bound to',
  )
  const machine = issueMachineCredential({
    powers: [
      { type: 'domain', domain: 'DOME', function: 'ProductOffering', action: ['Read', 'Create'] },
    ],
  })
  value('credential', shorten(machine.credential))
  value('its claims', machine.payload)
  value('bound to', machine.did)
  value('private key', 'a P-256 key, which never leaves the client')
  return machine
}

async function showTokenRequest(
  { issuer }: DevVerifier,
  { credential, privateKey }: IssuedCredential,
): Promise<string> {
  heading('2. The token request: the client proves that it holds the credential')
  const onTheWire: { url: string; form: URLSearchParams }[] = []
  const recordingFetch = (url: string, init?: RequestInit) => {
    if (init?.method === 'POST')
      onTheWire.push({ url, form: new URLSearchParams(init.body as string) })
    return fetch(url, init)
  }
  const tokens = createTokenSource({
    verifier: issuer,
    credential,
    privateKey: privateKey.hex,
    runtime: { fetch: recordingFetch },
  })
  const token = await tokens.getToken()
  tokens.close()
  for (const { url, form } of onTheWire) showForm(url, form)
  return token
}

function showForm(url: string, form: URLSearchParams): void {
  line(`POST ${url}`)
  for (const [name, text] of form) value(name, name === 'client_assertion' ? shorten(text) : text)
  const assertion = decodeJwt(form.get('client_assertion')!)
  const presentation = Buffer.from(assertion.claims['vp_token'] as string, 'base64').toString()
  value('the assertion, decoded', {
    header: assertion.header,
    claims: { ...assertion.claims, vp_token: shorten(assertion.claims['vp_token'] as string) },
  })
  const { header, claims } = decodeJwt(presentation)
  const vp = claims['vp'] as { verifiableCredential: string[] }
  value('the presentation in vp_token, decoded', {
    header,
    claims: {
      ...claims,
      vp: { ...vp, verifiableCredential: vp.verifiableCredential.map(shorten) },
    },
  })
}

function showToken(token: string): void {
  heading('3. The access token: signed by the Verifier, with the mandate in it')
  value('token', shorten(token))
  const { header, claims } = decodeJwt(token)
  value('decoded', {
    header,
    claims: { ...claims, vc: '… the credential of step 1, without its signature' },
  })
}

async function showCall({ url }: Api, token: string): Promise<void> {
  heading('4. The call')
  line(`GET ${url}`)
  line('Authorization: Bearer <token>')
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  line(`→ ${response.status} ${response.statusText}`)
  line(await response.text())
}

async function showDenials({ url }: Api, verifier: DevVerifier, token: string): Promise<void> {
  heading(
    '5. The denials that you will meet: what the caller gets, and what the "denied" event tells you',
  )
  await showDenial('no token', url)
  await showDenial('an expired token', url, verifier.mintBroken('expired'))
  await showDenial('a token for another audience', url, verifier.mintBroken('wrong-audience'))
  await showDenial('an id_token', url, verifier.mintBroken('id-token'))
  await showDenial('a good token without the power', url, token, 'DELETE')
}

async function showDenial(
  what: string,
  url: string,
  token?: string,
  method = 'GET',
): Promise<void> {
  denials.length = 0
  const response = await fetch(url, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
  console.log(`\n   -- ${what}`)
  line(`→ ${response.status} ${response.statusText}`)
  line(`WWW-Authenticate: ${response.headers.get('www-authenticate')}`)
  line(await response.text())
  for (const { code, expected, actual, hint } of denials) {
    line(`denied event: ${code}`)
    line(`  expected ${expected}`)
    line(`  found    ${actual}`)
    if (hint !== undefined) line(`  hint     ${hint}`)
  }
}
