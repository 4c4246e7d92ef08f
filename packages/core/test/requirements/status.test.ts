import { deflateSync, gzipSync } from 'node:zlib'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { createKeyPair } from '../../../../test/key-pair.js'
import {
  allOf,
  anyOf,
  createResourceServer,
  requiredKind,
  requiredStatus,
} from '../../src/index.js'
import type { Caller, Requirement } from '../../src/requirements/index.js'
import { AUTHORITY, SEALS } from '../fixtures/certificates.js'
import { ask, callerWith, granted, invalid, refusalOf, refused } from '../fixtures/callers.js'
import {
  bitsOf,
  bitstringList,
  deflated,
  sign,
  signerJwk,
  startListHost,
  stoppedRuntime,
  tokenList,
  type ListHost,
} from '../fixtures/list-host.js'
import { callerWithStatus, listed, listedByToken } from '../fixtures/status-callers.js'
import { statusRequirement, type StatusQuestion } from '../fixtures/status-requirement.js'

let host: ListHost
let list: string
beforeAll(async () => {
  host = await startListHost()
  list = `${host.url}/w3c/v1/credentials/status/1`
})
afterAll(() => host.close())

const keys = { keys: [signerJwk] }
const { runtime } = stoppedRuntime()
const required = (options: Partial<StatusQuestion> = {}) =>
  statusRequirement({ lists: [{ url: host.url, keys }], runtime, ...options })
const serve = (body: string, headers = {}) =>
  host.serve('/w3c/v1/credentials/status/1', { body, headers })
const grantedLater = async (caller: Caller, options?: Partial<StatusQuestion>) => {
  await expect(ask(required(options), caller, undefined)).resolves.toBeUndefined()
}

describe('a resource server without the option "status"', () => {
  test.each<[string, () => Requirement]>([
    ['alone', () => requiredStatus()],
    ['within allOf', () => allOf(requiredStatus())],
    ['within anyOf', () => anyOf(requiredKind('employee'), requiredStatus())],
  ])('says what to do, asked for it %s', async (_, asked) => {
    const verifier = createDevVerifier()
    const server = createResourceServer({
      issuer: verifier.issuer,
      profile: 'eudistack',
      runtime: { fetch: verifier.fetch },
    })
    await expect(server.verifyAccessToken(verifier.mint(), asked())).rejects.toMatchObject({
      code: 'invalid_configuration',
      status: 500,
      message: expect.stringContaining('state where the status lists are') as string,
    })
    server.close()
  })
})

describe('a revoked credential stops a token that is still valid', () => {
  test('by a bitstring list, as EUDIStack writes it', async () => {
    serve(await bitstringList(list, [3, 94]))
    await grantedLater(listed(list, 2))
    const denial = await refused(required(), listed(list, 94), 'credential_revoked')
    expect(denial.reason).toMatchObject({
      check: 'status',
      actual: `status 1 of ${list} (revocation)`,
    })
    expect(host.requests.at(-1)!.accept).toBe('application/vc+jwt')
  })

  test('by a token status list with gzip and the first entry in the highest bit, as EUDIStack writes it', async () => {
    serve(await tokenList(list, [3]))
    await grantedLater(listedByToken(list, 4))
    await refused(required(), listedByToken(list, 3), 'credential_revoked')
    expect(host.requests.at(-1)!.accept).toBe('application/statuslist+jwt')
  })

  test('by a token status list as the IETF has it: zlib, lowest bit first, two bits', async () => {
    const lists = [{ url: host.url, keys, bitOrder: 'lsb' as const }]
    serve(
      await tokenList(list, [], {
        status_list: { bits: 2, lst: deflated(Uint8Array.of(0b10_00_01_00)) },
      }),
    )
    await grantedLater(listedByToken(list, 0), { lists })
    await refused(required({ lists }), listedByToken(list, 1), 'credential_revoked')
    await grantedLater(listedByToken(list, 2), { lists })
    const suspended = await refused(
      required({ lists }),
      listedByToken(list, 3),
      'credential_revoked',
    )
    expect(suspended.reason.actual).toContain('status 2')
  })

  test('by a bitstring list of a credential within vc, without id and typ, and issued by an object', async () => {
    const encodedList = gzipSync(bitsOf([3])).toString('base64url')
    const credentialSubject = {
      type: 'BitstringStatusList',
      statusPurpose: ['refresh', 'suspension'],
      encodedList,
    }
    serve(await sign({ vc: { issuer: { id: 'did:elsi:VATES-Q0000000J' }, credentialSubject } }))
    await grantedLater(listed(list, 4, { statusPurpose: 'suspension' }))
    await refused(
      required(),
      listed(list, 3, { statusPurpose: 'suspension' }),
      'credential_revoked',
    )
  })

  test('one of several statuses is enough, and other purposes do not count', async () => {
    serve(await bitstringList(list, [3]))
    const entry = (index: string, purpose = 'revocation') => ({
      type: 'BitstringStatusListEntry',
      statusPurpose: purpose,
      statusListIndex: index,
      statusListCredential: list,
    })
    await grantedLater(callerWithStatus([entry('1'), entry('2'), entry('3', 'message')]))
    await refused(required(), callerWithStatus([entry('1'), entry('3')]), 'credential_revoked')
    await refused(required(), callerWithStatus([entry('3', 'message')]), 'rule_unmet')
  })
})

describe('a list counts only if it is the right one', () => {
  const forger = createKeyPair('ec', { namedCurve: 'P-256' }).privateKey
  const subject = (more: object) => ({
    credentialSubject: { statusPurpose: 'revocation', encodedList: 'x', ...more },
  })

  test.each<[string, () => Promise<string>, RegExp]>([
    [
      'a signature by another key',
      () => bitstringList(list, [], {}, { key: forger }),
      /none of the trusted keys/,
    ],
    [
      'a key that it brings along',
      () => bitstringList(list, [], {}, { key: forger, header: { jwk: {} } }),
      /none of the trusted keys/,
    ],
    ['another list of the same signer', () => bitstringList(`${list}0`, []), /another address/],
    ['another kind of list', () => tokenList(list, []), /another type/],
    ['another list of its own account', () => bitstringList(list, [], { exp: 1 }), /expired/],
    [
      'a list past its end',
      () => bitstringList(list, [], { validUntil: '2026-11-30T00:00:00Z' }),
      /expired/,
    ],
    [
      'a list without a readable end',
      () => bitstringList(list, [], { validUntil: 'soon' }),
      /dates or "ttl" can not be read/,
    ],
    [
      'a list before its start',
      () => bitstringList(list, [], { validFrom: '2026-12-01T00:01:00Z' }),
      /not valid yet/,
    ],
    [
      'a list before its start, by its JWT',
      () => bitstringList(list, [], { nbf: Date.parse('2026-12-01T00:01:00Z') / 1_000 }),
      /not valid yet/,
    ],
    [
      'a list whose time to live is a text',
      () => bitstringList(list, [], subject({ ttl: '30000' })),
      /dates or "ttl" can not be read/,
    ],
    [
      'a list whose time to live is over at once',
      () => bitstringList(list, [], subject({ ttl: 0 })),
      /dates or "ttl" can not be read/,
    ],
    ['a list that is none', () => bitstringList(list, [], subject({})), /not base64url|neither/],
    [
      'a bomb',
      () =>
        bitstringList(
          list,
          [],
          subject({ encodedList: gzipSync(Buffer.alloc(2_000_000)).toString('base64url') }),
        ),
      /more than/,
    ],
    ['no JWT', () => Promise.resolve('[]'), /no JWT/],
    ['more than is read', () => Promise.resolve('a'.repeat(3_000_000)), /at most/],
    [
      'a JWT without a signature',
      async () => (await bitstringList(list, [])).replace(/[^.]+$/, ''),
      /no JWT/,
    ],
  ])('%s', async (_, make, found) => {
    serve(await make())
    const denial = await refused(required(), listed(list, 1), 'status_unavailable')
    expect(denial.reason.actual).toMatch(found)
    expect(denial.retryAfter).toBeGreaterThan(0)
  })

  test.each<[string, object, RegExp]>([
    [
      'another size of statuses',
      { bits: 3, lst: deflateSync(Buffer.alloc(2)).toString('base64url') },
      /another size/,
    ],
    [
      'no size of statuses',
      { lst: deflateSync(Buffer.alloc(2)).toString('base64url') },
      /another size/,
    ],
  ])('a token status list with %s', async (_, status_list, found) => {
    serve(await tokenList(list, [], { status_list }))
    expect(
      (await refused(required(), listedByToken(list, 1), 'status_unavailable')).reason.actual,
    ).toMatch(found)
  })

  test('a token status list before its start', async () => {
    serve(await tokenList(list, [], { nbf: Date.parse('2026-12-01T00:01:00Z') / 1_000 }))
    const denial = await refused(required(), listedByToken(list, 1), 'status_unavailable')
    expect(denial.reason.actual).toMatch(/not valid yet/)
  })

  test('a list that was just signed by a clock a moment ahead does count', async () => {
    serve(await bitstringList(list, [], { validFrom: '2026-12-01T00:00:20Z' }))
    await grantedLater(listed(list, 1))
  })

  test('an index beyond the list, or a purpose that it does not serve', async () => {
    serve(await bitstringList(list, []))
    await refused(required(), listed(list, 128), 'rule_unmet')
    await refused(required(), listed(list, 1, { statusPurpose: 'suspension' }), 'rule_unmet')
  })
})

describe('signed with a certificate', () => {
  const authorities = { certificateAuthorities: [AUTHORITY], organization: 'VATES-Q0000000J' }
  const signedBy = async (seal: keyof typeof SEALS, more = {}, x5c?: unknown) => {
    const { createPrivateKey } = await import('node:crypto')
    const key = createPrivateKey({ key: SEALS[seal].key, format: 'jwk' })
    return bitstringList(list, [3], more, {
      key,
      header: { x5c: x5c ?? [SEALS[seal].certificate] },
    })
  }
  const options = () => ({ lists: [{ url: host.url, ...authorities }] })

  test('that a trusted authority issued to the issuer of the list', async () => {
    serve(await signedBy('leaf'))
    await grantedLater(listed(list, 1), options())
    await refused(required(options()), listed(list, 3), 'credential_revoked')
  })

  test.each<[string, () => Promise<string>, RegExp]>([
    ['of another organisation', () => signedBy('other'), /another organisation/],
    ['of an authority of the same name', () => signedBy('forged'), /none of the authorities/],
    [
      'of another signer',
      () => signedBy('forged', {}, [SEALS.leaf.certificate]),
      /none of the trusted keys/,
    ],
    [
      'for another issuer than the list states',
      () => signedBy('leaf', { issuer: 'did:elsi:VATES-A99999999' }),
      /another issuer/,
    ],
    ['that is missing', () => bitstringList(list, []), /no certificate/],
    ['that is none', () => signedBy('leaf', {}, ['AAAA']), /no certificate/],
    ['that is no text', () => signedBy('leaf', {}, [{}]), /no certificate/],
  ])('a certificate %s does not count', async (_, make, found) => {
    serve(await make())
    expect(
      (await refused(required(options()), listed(list, 1), 'status_unavailable')).reason.actual,
    ).toMatch(found)
  })

  test('a certificate counts within its validity only', async () => {
    serve(await signedBy('short'))
    await grantedLater(listed(list, 1), options())
    const later = { ...options(), runtime: stoppedRuntime('2027-01-01T00:00:00Z').runtime }
    expect(
      (await refused(required(later), listed(list, 1), 'status_unavailable')).reason.actual,
    ).toMatch(/outside its validity/)
  })
})

describe('a credential with many statuses', () => {
  const withStatuses = (count: number) =>
    callerWithStatus(
      Array.from({ length: count }, (_, index) => ({
        type: 'BitstringStatusListEntry',
        statusPurpose: 'revocation',
        statusListIndex: '1',
        statusListCredential: `${host.url}/many/${index}`,
      })),
    )

  test('causes no fetch beyond eight', async () => {
    const before = host.requests.length
    await refused(required(), withStatuses(9), 'rule_unmet')
    await refused(required({ unlisted: 'accept' }), withStatuses(60), 'rule_unmet')
    expect(host.requests).toHaveLength(before)
    await refused(required(), withStatuses(8), 'status_unavailable')
    expect(host.requests).toHaveLength(before + 8)
  })
})

describe("a list's address", () => {
  test('is escaped in reasons, whatever a credential writes into it', async () => {
    const hostile = `${host.url}/1\n\u202e`
    const { reason } = await refused(required(), listed(hostile, 1), 'status_unavailable')
    expect(Object.values(reason).join('')).toMatch(/^[\x20-\x7e]+$/)
    expect(reason.expected).toContain('\\u000a\\u202e')
  })
})

describe('what cannot be looked up', () => {
  const cases: [string, Caller][] = [
    ['a token without a credential', callerWith({ kind: 'none' })],
    ['a credential without a status', callerWithStatus(undefined)],
    [
      'a legacy list of DOME',
      callerWithStatus({ type: 'PlainListEntity', statusListIndex: 'n0nce' }),
    ],
    ['a status that cannot be read', callerWithStatus('what')],
  ]

  test.each(cases)('%s is refused, unless asked otherwise', async (_, caller) => {
    expect((await refused(required(), caller, 'rule_unmet')).reason.hint).toContain('unlisted')
    granted(required({ unlisted: 'accept' }), caller)
  })

  test.each(['-1', '1.5', '1e1', '0x1', '01', '', ' 1', '99999999999'])(
    'the index %j is refused in any case',
    async (index) => {
      await refused(required({ unlisted: 'accept' }), listed(list, index), 'rule_unmet')
    },
  )

  test('a list of one type is that type, and no status of an unknown form', async () => {
    serve(await bitstringList(list, [3]))
    const caller = listed(list, 3, { type: ['BitstringStatusListEntry'] })
    const denial = await refused(required({ unlisted: 'accept' }), caller, 'credential_revoked')
    expect(denial.reason.check).toBe('status')
  })

  test('only addresses below those configured are asked', async () => {
    const before = host.requests.length
    const port = new URL(host.url).port
    const lists = [{ url: `${host.url}/lists`, keys }]
    for (const stranger of [
      'http://169.254.169.254/latest',
      `${host.url}/listsx/1`,
      `${host.url}/lists/../admin`,
      `${host.url}/lists/%2e%2e/admin`,
      `${host.url}/lists/..%2fadmin`,
      `${host.url}/lists/..%5Cadmin`,
      `${host.url}/lists/..;/admin`,
      `${host.url}/lists/..;x=y/admin`,
      `${host.url}/lists/%2e%2e;/admin`,
      `${host.url}/lists/..%3b/admin`,
      `${host.url}/lists/..%3B/admin`,
      `${host.url}/lists/..%252fadmin`,
      `${host.url}/lists/%252e%252e/admin`,
      `${host.url}/lists/1%00`,
      `${host.url}.evil.example/lists/1`,
      `${host.url}0/lists/1`,
      `http://user@127.0.0.1:${port}/lists/1`,
      `http://127.0.0.1:${port}@example.org/lists/1`,
      'file:///etc/passwd',
      'lists/1',
      '',
    ]) {
      await refused(required({ lists, unlisted: 'accept' }), listed(stranger, 1), 'rule_unmet')
    }
    expect(host.requests).toHaveLength(before)
    host.serve('/lists/1', { body: await bitstringList(`${host.url}/lists/1`, []) })
    await grantedLater(listed(`${host.url}/lists/1`, 1), { lists })
  })
})

describe('refuses to be made of', () => {
  test.each<[string, object]>([
    ['no lists', { lists: [] }],
    ['no signer', { lists: [{ url: 'https://issuer.example.org' }] }],
    ['no keys', { lists: [{ url: 'https://issuer.example.org', keys: { keys: [] } }] }],
    [
      'a certificate that is no authority',
      {
        lists: [
          {
            url: 'https://issuer.example.org',
            organization: 'X',
            certificateAuthorities: [
              `-----BEGIN CERTIFICATE-----\n${SEALS.leaf.certificate}\n-----END CERTIFICATE-----`,
            ],
          },
        ],
      },
    ],
    [
      'text that is no certificate',
      {
        lists: [
          { url: 'https://issuer.example.org', organization: 'X', certificateAuthorities: ['PEM'] },
        ],
      },
    ],
    [
      'an authority without an organisation',
      { lists: [{ url: 'https://issuer.example.org', certificateAuthorities: [AUTHORITY] }] },
    ],
    ['an address with a query', { lists: [{ url: 'https://issuer.example.org/?list=', keys }] }],
    ['an address with an empty query', { lists: [{ url: 'https://issuer.example.org?', keys }] }],
    ['an address with a fragment', { lists: [{ url: 'https://issuer.example.org/#x', keys }] }],
    ['plain http', { lists: [{ url: 'http://issuer.example.org', keys }] }],
    [
      'an unknown bit order',
      { lists: [{ url: 'https://issuer.example.org', keys, bitOrder: 'big' }] },
    ],
    ['an unknown policy', { unavailable: 'open' }],
    ['an endless policy', { unavailable: { openFor: Infinity } }],
    ['no time', { maxAge: 0 }],
    ['an unknown option', { failOpen: true }],
  ])('%s', (_, options) => {
    expect(invalid(() => required(options)).reason.hint).not.toBe('')
  })

  test('a denial is thrown late where the list has to be fetched first', async () => {
    serve(await bitstringList(list, [3]))
    const outcome = ask(required(), listed(list, 3), undefined)
    expect(outcome).toBeInstanceOf(Promise)
    await expect(outcome).rejects.toMatchObject({ refusal: { code: 'credential_revoked' } })
    expect((await refusalOf(required(), listed(list, 3))).reason.expected).toBe(
      'a credential that is not revoked',
    )
  })
})
