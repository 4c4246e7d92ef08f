import { issuerTemplate } from '../../src/options/issuer-template.js'

const inHost = 'https://{tenant}.example.org/verifier'
const inPath = 'https://verifier.example.org/{tenant}/verifier'
const takes = (template: string, tenant: string, pattern?: RegExp) =>
  issuerTemplate(template, pattern)!(template.replace('{tenant}', tenant))

test('an issuer without {tenant} is no template', () => {
  expect(issuerTemplate('https://verifier.example.org', undefined)).toBeUndefined()
})

test.each([
  inHost,
  inPath,
  'https://verifier-{tenant}.example.org',
  'https://verifier.example.org:8443/{tenant}',
])('%s takes the tenants of the Verifier', (template) => {
  for (const tenant of ['kpmg', 'dome-stg', '0', 'a'.repeat(64)])
    expect(takes(template, tenant)).toBe(true)
  for (const tenant of ['', 'KPMG', 'a.b', 'a_b', 'a'.repeat(65), 'ｋ', '\u212Apmg', 'kpmg\n'])
    expect(takes(template, tenant)).toBe(false)
})

test.each([
  'evil.example/',
  'evil.example#',
  'evil.example?',
  'a@evil.example',
  'a:1',
  'a\\b',
  '%2e%2e',
  'a%2fb',
  '..',
  '.',
  'é',
  '',
])('however loose its pattern, a template does not take the tenant %j', (tenant) => {
  expect(takes(inHost, tenant, /[^]*/)).toBe(false)
  expect(takes(inPath, tenant, /[^]*/)).toBe(false)
})

test('a pattern is for the whole tenant, with anchors or without', () => {
  for (const pattern of [/kpmg|dome/, /^(?:kpmg|dome)$/, /^kpmg$|^dome$/, /kpmg|dome/g]) {
    expect(
      ['kpmg', 'dome', 'kpmg2', 'xdome', 'dome'].map((tenant) => takes(inHost, tenant, pattern)),
    ).toEqual([true, true, false, false, true])
  }
})

test('a pattern keeps its flags', () => {
  expect(takes(inPath, 'KPMG', /[a-z]+/i)).toBe(true)
  expect(takes(inPath, 'KPMG', /[a-z]+/)).toBe(false)
})

test('what surrounds the tenant must be there twice over, not shared', () => {
  expect(issuerTemplate('https://a.{tenant}.a.example', undefined)!('https://a.a.example')).toBe(
    false,
  )
})
