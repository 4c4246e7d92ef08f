import { recognize } from '@verifier-guard/core/explain'
import { createDevVerifier } from '@verifier-guard/dev-verifier'

const verifier = createDevVerifier()
const { credential, privateKey } = verifier.issueMachineCredential()
const assertion = verifier.tokenRequest(verifier.issueMachineCredential()).get('client_assertion')!
const claims = JSON.parse(Buffer.from(assertion.split('.')[1]!, 'base64url').toString()) as {
  vp_token: string
}
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (header: object, body: object) => `${encode(header)}.${encode(body)}.AA`

test.each([
  ['jwt', verifier.mint()],
  ['id_token', verifier.mintIdToken()],
  ['logout token', verifier.mintBroken('logout-token')],
  ['credential', credential],
  ['presentation', Buffer.from(claims.vp_token, 'base64').toString()],
  ['client assertion', assertion],
  ['proof', jwt({ typ: 'dpop+jwt' }, { htm: 'GET' })],
  ['sd-jwt', `${credential}~WyJhIl0~`],
  ['encrypted token', 'eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d'],
  ['opaque token', 'd3b07384d113edec49eaa6238ad5ff00'],
  ['broken jwt', verifier.mint().slice(0, 300)],
  ['broken jwt', verifier.mintBroken('claims-not-object')],
  ['with scheme', `Bearer ${verifier.mint()}`],
  ['token response', JSON.stringify({ access_token: verifier.mint() })],
  ['json', '{"alg":"ES256"}'],
  ['private key', privateKey.pkcs8],
  ['private key', JSON.stringify(privateKey.jwk)],
  ['certificate', verifier.credentialIssuer.certificateAuthorities[0]!],
  ['nothing', ' \n'],
])('knows a text as: %s', (form, text) => {
  const known = recognize(text)
  expect(known.form).toBe(form)
  expect(known.cure === undefined).toBe(form === 'jwt')
})

test('a claim that access tokens have too makes no id_token', () => {
  const nonce = jwt({ typ: 'JWT' }, { iss: 'https://as.example.org', aud: 'a', nonce: 'n' })
  expect(recognize(nonce).form).toBe('jwt')
})

test('a text of any content gets a name', () => {
  for (const text of ['\0', '.', '..', 'a.b.c', '{', '{"a":', '~', 'eyJ', '\ud800.\ud800.'])
    expect(recognize(text).says).toBeTruthy()
})
