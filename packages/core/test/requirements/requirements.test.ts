import {
  allOf,
  anyOf,
  requiredClaim,
  requiredKind,
  requiredRule,
  requiredScopes,
  type Requirement,
} from '../../src/requirements/index.js'
import { ask, callerWith, granted, invalid, refusalOf, refused } from '../fixtures/callers.js'

describe('requiredScopes', () => {
  const caller = callerWith({ scopes: ['orders:read', 'openid'] })

  test('all, by a text or a list', async () => {
    granted(requiredScopes('orders:read'), caller)
    granted(requiredScopes('  orders:read   openid '), caller)
    granted(requiredScopes(['openid', 'orders:read']), caller)
    const { challenge, reason } = await refused(
      requiredScopes('orders:read orders:write'),
      caller,
      'scope_missing',
    )
    expect(challenge?.['scope']).toBe('orders:read orders:write')
    expect(reason).toMatchObject({
      check: 'requirements',
      expected: 'all of the scopes "orders:read", "orders:write"',
      actual: '"orders:read openid"',
    })
  })

  test('any', async () => {
    granted(requiredScopes('orders:write openid', { match: 'any' }), caller)
    await refused(
      requiredScopes('orders:write orders:admin', { match: 'any' }),
      caller,
      'scope_missing',
    )
  })

  test.each([
    'Orders:read',
    'orders',
    'orders:rea',
    'constructor',
    '__proto__',
    'toString',
    'length',
  ])('no other text passes for a scope: %s', async (scope) => {
    await refused(requiredScopes(scope), caller, 'scope_missing')
    granted(requiredScopes(scope), callerWith({ scopes: [scope] }))
  })

  test.each<[string, () => unknown]>([
    ['none', () => requiredScopes('')],
    ['spaces', () => requiredScopes('   ')],
    ['an empty list', () => requiredScopes([])],
    ['a list with an empty one', () => requiredScopes(['a', ''])],
    ['a list with nothing', () => requiredScopes(['a', undefined as never])],
    ['two in one', () => requiredScopes(['a b'])],
    ['a quote, which would end the challenge', () => requiredScopes('a"')],
    ['a line break', () => requiredScopes('a\nb')],
    ['nothing', () => requiredScopes(undefined as never)],
    ['an unknown option', () => requiredScopes('a', { mode: 'any' } as never)],
    ['an unknown match', () => requiredScopes('a', { match: 'some' as never })],
  ])('refuses to be made of %s', (_, make) => {
    expect(invalid(make).kind).toBe('configuration')
  })
})

describe('requiredClaim', () => {
  const caller = callerWith({
    claims: {
      ver: 2,
      flag: false,
      groups: ['a', 'b'],
      scope: 'x y',
      realm_access: { roles: ['reviewer'] },
      'https://example.org/level': 'gold',
      nil: null,
    },
  })

  test.each<[string, Requirement]>([
    ['a number', requiredClaim('ver', { equals: 2 })],
    ['false', requiredClaim('flag', { equals: false })],
    [
      'a name with dots and slashes',
      requiredClaim('https://example.org/level', { equals: 'gold' }),
    ],
    ['a path', requiredClaim(['realm_access', 'roles'], { includes: 'reviewer' })],
    ['several of a list', requiredClaim('groups', { includes: ['b', 'a'] })],
    ['a text with spaces', requiredClaim('scope', { includes: 'y' })],
    [
      'a predicate',
      requiredClaim('ver', { satisfies: (value) => typeof value === 'number' && value > 1 }),
    ],
  ])('grants for %s', (_, requirement) => granted(requirement, caller))

  test.each<[string, Requirement]>([
    ['another type', requiredClaim('ver', { equals: '2' })],
    ['a part of a word', requiredClaim('scope', { includes: 'x y' })],
    ['one of several', requiredClaim('groups', { includes: ['a', 'c'] })],
    ['a list as a whole', requiredClaim('groups', { equals: 'a' })],
    ['a missing claim', requiredClaim('none', { satisfies: () => true })],
    ['a path through a text', requiredClaim(['scope', 'length'], { equals: 3 })],
    ['a member of the prototype', requiredClaim('constructor', { satisfies: () => true })],
    ['the prototype', requiredClaim('__proto__', { satisfies: () => true })],
    ['a method of a list', requiredClaim(['groups', 'length'], { equals: 3 })],
    ['null', requiredClaim('nil', { includes: 'a' })],
    [
      'a predicate that answers something else than true',
      requiredClaim('ver', { satisfies: (() => 'yes') as never }),
    ],
    [
      'a predicate that answers no later',
      requiredClaim('ver', { satisfies: () => Promise.resolve(false) }),
    ],
    [
      'a predicate that answers something else later',
      requiredClaim('ver', { satisfies: () => Promise.resolve('yes' as never) }),
    ],
  ])('refuses for %s', async (_, requirement) => {
    await refused(requirement, caller, 'claim_requirement_unmet')
  })

  test('a predicate may take its time, and reject', async () => {
    const later = requiredClaim('ver', { satisfies: (value) => Promise.resolve(value === 2) })
    await expect(ask(later, caller, undefined)).resolves.toBeUndefined()
    const fault = new TypeError('boom')
    const { cause } = await refused(
      requiredClaim('ver', { satisfies: () => Promise.reject(fault) }),
      caller,
      'rule_failed',
    )
    expect(cause).toBe(fault)
  })

  test('a predicate that throws decides nothing, and what it threw is kept', async () => {
    const fault = new TypeError('boom')
    const throws = requiredClaim('ver', {
      satisfies: () => {
        throw fault
      },
    })
    const denial = await refused(throws, caller, 'rule_failed')
    expect(denial.cause).toBe(fault)
    expect(JSON.stringify(denial.reason)).not.toContain('boom')
  })

  test('a reason tells no value', async () => {
    const { reason } = await refused(
      requiredClaim('https://example.org/level', { equals: 'iron' }),
      caller,
      'claim_requirement_unmet',
    )
    expect(reason.actual).toBe('a string')
  })

  test.each<[string, () => unknown]>([
    ['no name', () => requiredClaim('', { equals: 1 })],
    ['no path', () => requiredClaim([], { equals: 1 })],
    ['no condition', () => requiredClaim('a', {} as never)],
    ['two conditions', () => requiredClaim('a', { equals: 1, includes: 'b' } as never)],
    ['an unknown condition', () => requiredClaim('a', { matches: 1 } as never)],
    ['an object to equal', () => requiredClaim('a', { equals: {} as never })],
    ['nothing to include', () => requiredClaim('a', { includes: [] })],
    ['a predicate that is none', () => requiredClaim('a', { satisfies: true as never })],
    ['nothing', () => requiredClaim('a', undefined as never)],
  ])('refuses to be made of %s', (_, make) => {
    expect(invalid(make).kind).toBe('configuration')
  })
})

describe('requiredKind', () => {
  test('by one or several', async () => {
    granted(requiredKind('machine'), callerWith({ kind: 'machine' }))
    granted(requiredKind(['machine', 'none']), callerWith({ kind: 'none' }))
    await refused(requiredKind('machine'), callerWith({ kind: 'employee' }), 'kind_not_accepted')
    await refused(
      requiredKind(['machine', 'employee']),
      callerWith({ kind: 'unknown' }),
      'kind_not_accepted',
    )
  })

  test.each([[[]], ['robot'], [undefined], [null], [['machine', 'robot']]])(
    'refuses to be made of %j',
    (kinds) => {
      expect(invalid(() => requiredKind(kinds as never)).kind).toBe('configuration')
    },
  )
})

describe('requiredRule', () => {
  const caller = callerWith({})

  test('grants for true alone', async () => {
    granted(
      requiredRule('yes', () => true),
      caller,
    )
    await expect(
      ask(
        requiredRule('later', () => Promise.resolve(true)),
        caller,
        undefined,
      ),
    ).resolves.toBeUndefined()
    for (const answer of [false, undefined, 'yes', 1, {}]) {
      await refused(requiredRule('no', (() => answer) as never), caller, 'rule_unmet')
      await refused(
        requiredRule('no', (() => Promise.resolve(answer)) as never),
        caller,
        'rule_unmet',
      )
    }
  })

  test('what throws decides nothing, and what it threw is kept', async () => {
    const fault = new Error('database down')
    const fails = [
      requiredRule('throws', () => {
        throw fault
      }),
      requiredRule('rejects', () => Promise.reject(fault)),
    ]
    for (const rule of fails) {
      const denial = await refused(rule, caller, 'rule_failed')
      expect(denial).toMatchObject({ cause: fault })
      expect(await ask(anyOf(rule, requiredKind(caller.kind)), caller, undefined)).toBeUndefined()
      await refused(anyOf(requiredScopes('never'), rule), caller, 'rule_failed')
      await refused(allOf(rule, requiredKind(caller.kind)), caller, 'rule_failed')
    }
  })

  test('sees the caller and the request', async () => {
    const owner = requiredRule(
      'owner',
      ({ subject }, request: { owner: string }) => subject === request.owner,
    )
    expect(ask(owner, callerWith({ subject: 'jo' }), { owner: 'jo' })).toBeUndefined()
    expect(
      (await refusalOf(owner, callerWith({ subject: 'jo' }), { owner: 'al' })).reason.expected,
    ).toBe('owner')
  })

  test('refuses to be made without a name or a function', () => {
    invalid(() => requiredRule('', () => true))
    invalid(() => requiredRule('rule', true as never))
  })
})
