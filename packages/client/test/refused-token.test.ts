import { refusesToken } from '../src/refused-token.js'

describe('a 401', () => {
  it.each([
    ['invalid_token', 'Bearer error="invalid_token"'],
    ['invalid_token among more', 'Bearer realm="a, b", scope="x", error="invalid_token"'],
    ['invalid_token without quotation marks', 'bearer error=invalid_token'],
    ['Bearer alone', 'Bearer'],
    ['Bearer with a realm', 'Bearer realm="api"'],
    ['Bearer beside another scheme', 'Basic realm="api", Bearer realm="api"'],
    ['Bearer in a field of its own', ['Basic realm="api"', 'Bearer realm="api"']],
    ['an error of its own', 'Bearer error="token_expired"'],
    ['no challenge', undefined],
    ['no challenge, as web headers say it', null],
  ])('may mean the token: %s', (_, challenge) => {
    expect(refusesToken(401, challenge)).toBe(true)
  })

  it.each([
    ['another scheme alone', 'Basic realm="api"'],
    ['another scheme that quotes ours', 'Basic realm="Bearer error=invalid_token"'],
    ['another scheme with our word', 'Basic realm="invalid_token", charset="UTF-8"'],
    ['a scheme that begins the same', 'Bearerish realm="api"'],
    ['a malformed request', 'Bearer error="invalid_request"'],
    ['a missing scope', 'Bearer error="insufficient_scope", scope="orders"'],
    ['a weak authentication', 'Bearer error="insufficient_user_authentication", acr_values="x"'],
    ['a proof', 'DPoP error="use_dpop_nonce", algs="ES256"'],
  ])('means something else: %s', (_, challenge) => {
    expect(refusesToken(401, challenge)).toBe(false)
  })
})

it.each([200, 400, 403, 407, 503])('a %i never means the token', (status) => {
  expect(refusesToken(status, 'Bearer error="invalid_token"')).toBe(false)
})
