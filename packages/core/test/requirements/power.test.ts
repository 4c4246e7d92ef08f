import fc from 'fast-check'
import { readCredential, type Power } from '../../src/credential/credential.js'
import { requiredPower, type Caller, type PowerOptions } from '../../src/requirements/index.js'
import { ask, callerWith, invalid, refusalOf } from '../fixtures/callers.js'
import { DIALECTS } from '../fixtures/dialects.js'

const holder = (...powers: Power[]): Caller => callerWith({ powers })
const power = (domain: string, name: string, ...actions: string[]): Power => ({
  type: 'Domain',
  domain,
  function: name,
  actions,
})

function grants(options: PowerOptions, caller: Caller): boolean {
  try {
    return ask(requiredPower(options), caller, undefined) === undefined
  } catch {
    return false
  }
}

const create: PowerOptions = { domain: 'DOME', function: 'ProductOffering', action: 'Create' }

describe('one power must satisfy everything together', () => {
  test.each<[string, PowerOptions, Power[], boolean]>([
    ['the power itself', create, [power('DOME', 'ProductOffering', 'Create')], true],
    [
      'more actions than asked for',
      create,
      [power('DOME', 'ProductOffering', 'Update', 'Create')],
      true,
    ],
    [
      'every action of several',
      { ...create, action: ['Create', 'Update'] },
      [power('DOME', 'ProductOffering', 'Update', 'Create')],
      true,
    ],
    [
      'one action of several',
      { ...create, action: ['Create', 'Update'] },
      [power('DOME', 'ProductOffering', 'Create')],
      false,
    ],
    [
      'actions on two powers',
      { ...create, action: ['Create', 'Update'] },
      [power('DOME', 'ProductOffering', 'Create'), power('DOME', 'ProductOffering', 'Update')],
      false,
    ],
    [
      'function and action on two powers',
      create,
      [power('DOME', 'ProductOffering', 'Read'), power('DOME', 'Onboarding', 'Create')],
      false,
    ],
    [
      'function and domain on two powers',
      create,
      [power('kpmg', 'ProductOffering', 'Create'), power('DOME', 'Onboarding', 'Create')],
      false,
    ],
    [
      'the type, stated',
      { ...create, type: 'domain' },
      [power('DOME', 'ProductOffering', 'Create')],
      true,
    ],
    [
      'another type',
      { ...create, type: 'organization' },
      [power('DOME', 'ProductOffering', 'Create')],
      false,
    ],
    [
      'no type where one is asked for',
      { ...create, type: 'Domain' },
      [{ domain: 'DOME', function: 'ProductOffering', actions: ['Create'] }],
      false,
    ],
    ['no domain', create, [{ function: 'ProductOffering', actions: ['Create'] }], false],
    ['no function', create, [{ domain: 'DOME', actions: ['Create'] }], false],
    ['no actions', create, [power('DOME', 'ProductOffering')], false],
    ['no powers', create, [], false],
  ])('%s', (_, options, powers, expected) => {
    expect(grants(options, holder(...powers))).toBe(expected)
  })
})

describe('what real servers got wrong', () => {
  test("a tenant's administrator is none of another: cross-tenant promotion", () => {
    const administrator = { domain: 'DOME', function: 'Onboarding', action: 'Execute' }
    expect(grants(administrator, holder(power('kpmg', 'Onboarding', 'Execute')))).toBe(false)
    expect(grants(administrator, holder(power('DOME', 'Onboarding', 'Execute')))).toBe(true)
  })

  test('any function with create and update makes no seller', () => {
    const seller = { domain: 'DOME', function: 'ProductOffering', action: ['create', 'update'] }
    expect(grants(seller, holder(power('DOME', 'CredentialIssuer', 'Create', 'Update')))).toBe(
      false,
    )
    expect(grants(seller, holder(power('DOME', 'ProductOffering', 'Create', 'Update')))).toBe(true)
  })

  test('any domain only where it is asked for', () => {
    const anywhere: PowerOptions = {
      function: 'ProductOffering',
      action: 'Create',
      anyDomain: true,
    }
    expect(grants(anywhere, holder(power('kpmg', 'ProductOffering', 'Create')))).toBe(true)
    expect(grants(anywhere, holder({ function: 'ProductOffering', actions: ['Create'] }))).toBe(
      true,
    )
    invalid(() => requiredPower({ function: 'ProductOffering', action: 'Create' } as never))
    invalid(() =>
      requiredPower({ function: 'ProductOffering', action: 'Create', anyDomain: false } as never),
    )
  })

  test('case does not tell powers apart, unless asked to', () => {
    const shouting = holder(power('dome', 'PRODUCTOFFERING', 'create'))
    expect(grants(create, shouting)).toBe(true)
    expect(grants({ ...create, caseSensitive: true }, shouting)).toBe(false)
    expect(
      grants(
        { ...create, caseSensitive: true },
        holder(power('DOME', 'ProductOffering', 'Create')),
      ),
    ).toBe(true)
    expect(
      grants(
        { ...create, domain: 'kpmg' },
        holder(power('\u212Apmg', 'ProductOffering', 'Create')),
      ),
    ).toBe(false)
  })

  test.each(
    Object.entries(DIALECTS).filter(([, { expected }]) =>
      JSON.stringify(expected).includes('"Create","Update"'),
    ),
  )('powers count under whatever names: %s', (_, { claims }) => {
    const { powers } = readCredential(claims)!.mandate
    expect(grants({ ...create, action: ['Create', 'Update'] }, holder(...powers))).toBe(true)
    expect(grants({ ...create, domain: 'kpmg' }, holder(...powers))).toBe(false)
  })

  test('"*" is a name like any other, unless asked to stand for all', () => {
    const everything = holder({ type: '*', domain: '*', function: '*', actions: ['*'] })
    expect(grants(create, everything)).toBe(false)
    expect(grants({ ...create, type: 'Domain', wildcard: true }, everything)).toBe(true)
    expect(
      grants(
        { ...create, action: '*', wildcard: true },
        holder(power('DOME', 'ProductOffering', 'Create')),
      ),
    ).toBe(false)
    for (const part of ['type', 'domain', 'function', 'action'])
      invalid(() => requiredPower({ ...create, [part]: '*' }))
  })

  test.each(['constructor', '__proto__', 'toString', 'length'])(
    '%s names nothing of the language',
    (name) => {
      const options = { domain: name, function: name, action: name }
      expect(grants(options, holder(power('DOME', 'ProductOffering', 'Create')))).toBe(false)
      expect(grants(options, holder(power(name, name, name)))).toBe(true)
    },
  )
})

describe('the domain of the request', () => {
  const ofTenant = requiredPower({
    domain: (request: { tenant?: string }) => request.tenant,
    function: 'Onboarding',
    action: 'Execute',
  })
  const caller = holder(power('kpmg', 'Onboarding', 'Execute'), {
    function: 'Onboarding',
    actions: ['Execute'],
  })

  test('is taken anew each time', async () => {
    expect(ask(ofTenant, caller, { tenant: 'KPMG' })).toBeUndefined()
    expect((await refusalOf(ofTenant, caller, { tenant: 'dome' })).code).toBe('power_missing')
  })

  test('may take its time, and fail', async () => {
    const late = (domain: () => Promise<string | undefined>) =>
      requiredPower({ domain, function: 'Onboarding', action: 'Execute' })
    const codeFor = async (domain: () => Promise<string | undefined>) =>
      (await refusalOf(late(domain), caller)).code
    await expect(
      ask(
        late(() => Promise.resolve('KPMG')),
        caller,
        undefined,
      ),
    ).resolves.toBeUndefined()
    expect(await codeFor(() => Promise.resolve('dome'))).toBe('power_missing')
    expect(await codeFor(() => Promise.resolve(undefined))).toBe('power_missing')
    expect(await codeFor(() => Promise.reject(new Error('no such host')))).toBe('rule_failed')
  })

  test.each([{}, { tenant: '' }, { tenant: null as never }, { tenant: ['kpmg'] as never }])(
    'refuses where it is %j',
    async (request) => {
      expect((await refusalOf(ofTenant, caller, request)).reason.actual).toBe(
        'a request that names no domain',
      )
    },
  )
})

describe('the denial', () => {
  test('names the power, what the caller has, and the one thing that keeps them apart', async () => {
    const denial = await refusalOf(
      requiredPower(create),
      holder(power('kpmg', 'ProductOffering', 'Create', 'Update')),
    )
    expect(denial.code).toBe('power_missing')
    expect(denial.reason).toEqual({
      check: 'requirements',
      expected: 'power DOME/ProductOffering/Create',
      actual: '"kpmg/ProductOffering/Create+Update"',
      hint: 'one power fits but for its domain',
      requirement: 'power DOME/ProductOffering/Create',
    })
  })

  test('says which Verifiers lose powers where none is left', async () => {
    const { reason } = await refusalOf(requiredPower(create), holder())
    expect(reason).toMatchObject({
      actual: 'no powers',
      hint: expect.stringMatching(/versions before 2\.0\.7 drop/) as string,
    })
  })

  test('says so when there is no credential', async () => {
    const { reason } = await refusalOf(requiredPower(create), callerWith({ kind: 'none' }))
    expect(reason.actual).toBe('a token without a credential')
  })
})

describe('refuses to be made of', () => {
  test.each<[string, object]>([
    ['no function', { domain: 'DOME', action: 'Create' }],
    ['an empty function', { ...create, function: ' ' }],
    ['an empty domain', { ...create, domain: '' }],
    ['an empty type', { ...create, type: '' }],
    ['no action', { ...create, action: [] }],
    ['an empty action', { ...create, action: ['Create', ''] }],
    ['the names of a token', { ...create, actions: ['Create'] }],
    ['a domain and any domain', { ...create, anyDomain: true }],
    ['a switch as a text', { ...create, caseSensitive: 'false' }],
  ])('%s', (_, options) => {
    expect(invalid(() => requiredPower(options as never)).reason.hint).not.toBe('')
  })
})

describe('whatever the powers are', () => {
  const name = fc.constantFrom('A', 'B', 'a', '*', '__proto__')
  const powers = fc.array(
    fc.record(
      { type: name, domain: name, function: name, actions: fc.array(name, { maxLength: 3 }) },
      { requiredKeys: ['actions'] },
    ),
    { maxLength: 4 },
  )
  const asked = fc.record({
    type: name,
    domain: name,
    function: name,
    action: fc.array(name, { minLength: 1, maxLength: 2 }),
    caseSensitive: fc.boolean(),
  })
  const make = (options: {
    type: string
    domain: string
    function: string
    action: string[]
    caseSensitive: boolean
  }) => ({ ...options, wildcard: true })

  test('several powers grant what one of them grants, and nothing more', () => {
    fc.assert(
      fc.property(powers, asked, (held, options) => {
        const alone = held.some((one) => grants(make(options), holder(one)))
        expect(grants(make(options), holder(...held))).toBe(alone)
      }),
      { numRuns: 2_000 },
    )
  })

  test('another power takes nothing away, and grants nothing that it does not grant alone', () => {
    fc.assert(
      fc.property(powers, powers, asked, (held, more, options) => {
        const before = grants(make(options), holder(...held))
        const after = grants(make(options), holder(...held, ...more))
        expect(after).toBe(before || grants(make(options), holder(...more)))
      }),
      { numRuns: 2_000 },
    )
  })
})
