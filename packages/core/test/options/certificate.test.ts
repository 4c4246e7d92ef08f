import { GuardError } from '../../src/kit/errors.js'
import type { ResourceServerOptions } from '../../src/options/options.js'
import { resolveOptions } from '../../src/options/resolve.js'

const good = { issuer: 'https://as.example.org', audience: 'https://orders.example.org' }

function settingOf(certificate: unknown): unknown {
  return resolveOptions({ ...good, certificate } as ResourceServerOptions).certificate
}

test.each<[unknown, unknown]>([
  [undefined, undefined],
  ['socket', 'socket'],
  ['envoy', { header: 'x-forwarded-client-cert', format: 'xfcc' }],
  [
    { header: 'X-Client-Cert', format: 'escaped-pem' },
    { header: 'x-client-cert', format: 'escaped-pem' },
  ],
])('%j is %j', (option, setting) => {
  expect(settingOf(option)).toEqual(setting)
})

test('a function is taken as it is', () => {
  const find = () => undefined
  expect(settingOf(find)).toBe(find)
})

test.each<[string, unknown, RegExp]>([
  [
    'no name of a proxy',
    'nginx',
    /"socket", "aws-alb-passthrough", .*found "nginx": name the field/,
  ],
  ['a name of every object', 'toString', /found "toString"/],
  ['an empty text', '', /found ""/],
  ['null', null, /found null/],
  ['a switch', true, /found true/],
  ['a field without a format', { header: 'x-client-cert' }, /found no "format": .*no default/],
  ['a format without a field', { format: 'xfcc' }, /found no "header": .*a caller can invent/],
  ['a list', ['socket'], /options of "certificate" among header, format, found "0"/],
  [
    'an unknown format',
    { header: 'a', format: 'pem' },
    /"certificate.format" as "rfc9440" or .*found "pem"/,
  ],
  [
    'a field that is none',
    { header: 'x client', format: 'xfcc' },
    /"certificate.header" as the name of a field, found "x client"/,
  ],
  [
    'a switch for a field',
    { header: 'true', format: 'xfcc' },
    /"certificate.header".*found "true"/,
  ],
  [
    'a misspelt member',
    { header: 'a', format: 'xfcc', trust: 1 },
    /found "trust": check the spelling/,
  ],
])('%s does not start', (_, option, message) => {
  expect(() => settingOf(option)).toThrow(GuardError)
  expect(() => settingOf(option)).toThrow(message)
})
