import { certifyOrganization, createAuthority, organizationOf, x5c } from '../src/certificate.js'
import { generateKeyPair } from '../src/keys.js'

const START = Date.parse('2026-11-28T12:00:00Z')
const authority = createAuthority(START)
const DAY = 24 * 3_600_000

describe.each(['ES256', 'RS256'] as const)('the certificate of an %s key', (algorithm) => {
  const key = generateKeyPair(algorithm)
  const leaf = certifyOrganization(authority, key, 'VATES-Q0000000J', START)

  test('names its organisation by organizationIdentifier', () => {
    expect(organizationOf(leaf)).toBe('VATES-Q0000000J')
  })

  test('is of that key, and issued by its authority', () => {
    expect(leaf.checkPrivateKey(key.privateKey)).toBe(true)
    expect(leaf.checkIssued(authority.certificate)).toBe(true)
    expect(leaf.verify(authority.certificate.publicKey)).toBe(true)
    expect(leaf.verify(createAuthority(START).certificate.publicKey)).toBe(false)
  })

  test('is no authority itself', () => {
    expect([leaf.ca, authority.certificate.ca]).toEqual([false, true])
  })

  test('counts for ten years from the day before it was made', () => {
    const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)]
    expect(from).toBe(START - DAY)
    expect(to).toBeGreaterThan(START + 9 * 365 * DAY)
  })

  test('has a serial number of its own', () => {
    const other = certifyOrganization(authority, key, 'VATES-Q0000000J', START)
    expect(other.serialNumber).not.toBe(leaf.serialNumber)
    expect(leaf.serialNumber).toMatch(/^[4-7][\dA-F]{31}$/)
  })
})

test.each([0, Date.parse('2049-12-31T00:00:00Z'), Date.parse('2100-01-01T00:00:00Z')])(
  'a clock at %i makes good certificates too',
  (now) => {
    const { certificate } = createAuthority(now)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(Date.parse(certificate.validFrom)).toBe(now - DAY)
  },
)

test('an organisation is none where the subject names none', () => {
  expect(organizationOf(authority.certificate)).toBeUndefined()
})

test('x5c holds certificates in standard Base64', () => {
  const [text] = x5c(authority.certificate)
  expect(Buffer.from(text!, 'base64').equals(authority.certificate.raw)).toBe(true)
})
