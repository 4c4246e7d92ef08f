import { Readable } from 'node:stream'
import { canSendAgain, refusedBy } from '../src/refused-token.js'

describe('a body', () => {
  function* parts() {
    yield 'order'
  }
  async function* lateParts() {
    yield await Promise.resolve('order')
  }

  it.each<[string, unknown]>([
    ['none', undefined],
    ['null', null],
    ['a text', 'order'],
    ['bytes', Buffer.from('order')],
    ['a view', new DataView(new ArrayBuffer(2))],
    ['a buffer', new ArrayBuffer(2)],
    ['a list', ['or', 'der']],
    ['a form', new URLSearchParams({ a: '1' })],
    ['a form with files', new FormData()],
    ['a Blob', new Blob(['order'])],
    ['an object', { a: 1 }],
  ])('can be sent again: %s', (_, body) => expect(canSendAgain(body)).toBe(true))

  it.each<[string, unknown]>([
    ['a generator', parts()],
    ['an asynchronous generator', lateParts()],
    ['an iterator of a list', ['order'].values()],
    ['an iterator that is not iterable', { next: () => ({ done: true }) }],
    ['an object that hands out one generator', { [Symbol.iterator]: parts }],
    ['a stream of Node.js', Readable.from(['order'])],
    ['a web stream', new Blob(['order']).stream()],
  ])('can be sent once only: %s', (_, body) => expect(canSendAgain(body)).toBe(false))
})

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
    expect(refusedBy(401, challenge, 'Bearer')).toBe('token')
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
    expect(refusedBy(401, challenge, 'Bearer')).toBeUndefined()
  })
})

it.each([200, 400, 403, 407, 503])('a %i never means the token', (status) => {
  expect(refusedBy(status, 'Bearer error="invalid_token"', 'Bearer')).toBeUndefined()
})

describe('a 401 of a bound token', () => {
  it.each<[string, string | string[] | undefined, string | undefined]>([
    ['no challenge', undefined, 'token'],
    ['invalid_token', 'DPoP error="invalid_token", algs="ES256"', 'token'],
    ['a nonce', 'DPoP error="use_dpop_nonce", error_description="a, b", algs="ES256"', 'nonce'],
    [
      'a nonce beside Bearer',
      'Bearer realm="a, b", DPoP algs="ES256", error="use_dpop_nonce"',
      'nonce',
    ],
    ['a nonce in its field', ['Bearer realm="api"', 'DPoP error="use_dpop_nonce"'], 'nonce'],
    [
      'a nonce in front of Bearer',
      'DPoP error="use_dpop_nonce", Bearer error="invalid_request"',
      'nonce',
    ],
    ['its proof', 'dpop algs="ES256", error=invalid_dpop_proof', 'proof'],
    ['no reason', 'Bearer, DPoP algs="ES256 EdDSA"', 'token'],
    ['an error of the other scheme', 'Bearer error="invalid_request", DPoP algs="ES256"', 'token'],
    ['a missing scope', 'DPoP error="insufficient_scope"', undefined],
    ['an API that knows no proofs', 'Bearer error="invalid_token"', undefined],
  ])('means %s', (_, challenge, refused) => {
    expect(refusedBy(401, challenge, 'DPoP')).toBe(refused)
  })
})
