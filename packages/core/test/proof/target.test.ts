import fc from 'fast-check'
import { isFor, normalUrl, targetsOf } from '../../src/proof/target.js'
import { resourceAddresses } from '../../src/options/resource.js'

const at = (resource: string | readonly string[], url: string) =>
  targetsOf({ url, headers: {} }, resourceAddresses(resource, false))
const API = 'https://api.example'

describe('RFC 3986 §6.2.2, §6.2.3: URLs that are the same', () => {
  test.each([
    ['HTTPS://API.example:443/a/../b?x#y', 'https://api.example/b'],
    ['https://api.example/%7Eu', 'https://api.example/~u'],
    ['https://api.example/a%2fb', 'https://api.example/a%2Fb'],
    ['https://api.example', 'https://api.example/'],
    ['https://api.example:/b', 'https://api.example/b'],
    ['https://api.example?x=1', 'https://api.example/'],
    ['http://[::1]:80/b', 'http://[::1]/b'],
    ['https://api.example/a%2eb', 'https://api.example/a.b'],
    ['https://api.example/%2e%2E/b', 'https://api.example/b'],
  ])('%s is %s', (one, other) => {
    expect(normalUrl(one)).toBe(other)
    expect(normalUrl(other)).toBe(other)
  })

  test.each([
    ['https://api.example/b', 'https://api.example/b/'],
    ['https://api.example/a%2Fb', 'https://api.example/a/b'],
    ['https://api.example/B', 'https://api.example/b'],
    ['https://api.example//b', 'https://api.example/b'],
    ['https://api.example/a;v=1', 'https://api.example/a'],
  ])('%s is not %s', (one, other) => {
    expect(normalUrl(one)).not.toBe(normalUrl(other))
  })

  test.each([
    'https://u@api.example/b',
    'https://u:p@api.example/b',
    'https://@api.example/b',
    ' https://api.example/b',
    'https://api.example/b\n',
    'https:api.example/b',
    'https:/api.example/b',
    'https:///api.example/b',
    'https:\\\\api.example\\b',
    'https://api.example\\b',
    'https://api.example/\tb',
    'https://api%2eexample/b',
    'https://\uff41pi.example/b',
    'https://api.example:0443/b',
    'https://api.example:99999/b',
    'https://0x7f.1/b',
    'https://127.1/b',
    'https://api.example./b\u0000',
    'https://api.example/b%',
    'https://api.example/b%2',
    'https://api.example/b%zz',
    'https://api.example/\u00e9',
    'https://api.example/b?\u00e9',
    'https://api.example/b#\n',
    'https:// api.example/b',
    'wss://api.example/b',
    'ftp://api.example/b',
    'file:///b',
    'javascript:0',
    '//api.example/b',
    '/b',
    '',
    '*',
  ])('%j is no URL of a proof', (text) => {
    expect(normalUrl(text)).toBeUndefined()
  })
})

describe('the target of a request', () => {
  test.each<[string, string | readonly string[], string, readonly string[]]>([
    ['the path of the request', API, '/orders?page=2', [`${API}/orders`]],
    ['the root', API, '/', [`${API}/`]],
    ['the address with a slash', `${API}/`, '/orders', [`${API}/orders`]],
    ['a path that a gateway removed', `${API}/svc`, '/orders', [`${API}/svc/orders`]],
    ['a path that no gateway removed', `${API}/svc/`, '/svc/orders', [`${API}/svc/orders`]],
    ['the root behind a gateway', `${API}/svc`, '/', [`${API}/svc`, `${API}/svc/`]],
    ['a path that starts alike', `${API}/svc`, '/svcs', [`${API}/svc/svcs`]],
    ['several addresses', [API, 'https://b.example'], '/o', [`${API}/o`, 'https://b.example/o']],
    ['two slashes at the start', API, '//evil.example/o', [`${API}//evil.example/o`]],
    ['the absolute form', API, 'http://evil.example/o?x', [`${API}/o`]],
    ['the absolute form without a path', API, 'http://evil.example', [`${API}/`]],
    ['escapes', API, '/%7eu/a%2fb', [`${API}/~u/a%2Fb`]],
    ['the address in capitals', 'HTTPS://API.example:443', '/o', [`${API}/o`]],
  ])('%s', (_, resource, url, expected) => {
    expect(at(resource, url)).toEqual(expected)
  })

  test('the URL before a mount path was taken from it', () => {
    const request = { url: '/1', originalUrl: '/api/orders/1', headers: {} }
    expect(targetsOf(request, resourceAddresses(API, false))).toEqual([`${API}/api/orders/1`])
  })

  test.each(['*', '', 'orders', '/a b', '/a\\b', '/\u00e9', '/a/../b', '/a/%2e%2E/b', '/.', '/a%'])(
    '%j is none that a proof can state',
    (url) => {
      expect(typeof at(API, url)).toBe('string')
    },
  )

  test('a request without a URL has none', () => {
    expect(typeof targetsOf({ headers: {} }, resourceAddresses(API, false))).toBe('string')
  })
})

describe('for every text', () => {
  const parts = [
    'https:',
    '//',
    '/',
    '\\',
    '.',
    '..',
    '%2e',
    '%2F',
    '%7e',
    '@',
    ':',
    '443',
    '?',
    '#',
  ]
  const strange = [
    ' ',
    '\t',
    '\n',
    '\0',
    'api.example',
    'API',
    'a',
    '\u00e9',
    '\uff41',
    '%',
    ';',
    '[',
  ]
  const url = fc
    .array(fc.oneof(fc.constantFrom(...parts, ...strange), fc.string({ unit: 'binary' })))
    .map((texts) => texts.join(''))

  test('what is normal stays as it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          url,
          url.map((path) => `${API}/${path}`),
        ),
        (text) => {
          const normal = normalUrl(text)
          if (normal !== undefined) expect(normalUrl(normal)).toBe(normal)
        },
      ),
      { numRuns: 5_000 },
    )
  })

  test('what is accepted for a request is one of its addresses and its path, and of ASCII', () => {
    fc.assert(
      fc.property(url, url, (htu, path) => {
        const targets = at(API, `/${path}`)
        if (typeof targets === 'string' || !isFor(`${API}/${htu}`, targets)) return
        expect(`${API}/${htu}`).toMatch(/^[\x21-\x7e]+$/)
        expect(new URL(htu, `${API}/`).origin === API || htu.startsWith('//')).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })

  test('a client that signs the URL it calls is understood', () => {
    // Node 20 leaves some dot segments in: `new URL('https://a/.&/.')`.
    const segment = fc
      .stringMatching(/^[\w\-.~!$&'()*+,;=:@\u00e9]{1,8}$/)
      .filter((text) => !/^\.{1,2}$/.test(text))
    fc.assert(
      fc.property(fc.array(segment), fc.string(), (segments, query) => {
        const called = new URL(`${API}/${segments.join('/')}?${encodeURIComponent(query)}`)
        const targets = at(API, called.pathname + called.search)
        expect(targets).not.toEqual(expect.any(String))
        expect(isFor(called.href, targets as readonly string[])).toBe(true)
        expect(isFor(API + called.pathname, targets as readonly string[])).toBe(true)
      }),
    )
  })
})
