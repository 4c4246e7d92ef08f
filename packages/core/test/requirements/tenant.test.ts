import { requiredTenant } from '../../src/requirements/index.js'
import { ask, callerWith, granted, invalid, refusalOf, refused } from '../fixtures/callers.js'

describe('requiredTenant', () => {
  const caller = callerWith({ tenant: 'kpmg' })
  const power = (domain?: string) => ({
    ...(domain !== undefined && { domain }),
    actions: ['Execute'],
  })

  test('ASCII letters count without their case, others with it', async () => {
    granted(requiredTenant('KPMG'), caller)
    await refused(requiredTenant('\u212Apmg'), caller, 'tenant_mismatch')
    await refused(requiredTenant('kpm'), caller, 'tenant_mismatch')
  })

  test('letter by letter, where asked to', async () => {
    const exactly = { caseSensitive: true }
    granted(requiredTenant('kpmg', exactly), caller)
    const { reason } = await refused(requiredTenant('KPMG', exactly), caller, 'tenant_mismatch')
    expect(reason.hint).toBe('they differ in case alone')
    const old = callerWith({ tenant: undefined, powers: [power('kpmg'), power('KPMG')] })
    granted(requiredTenant('kpmg', { fromPowerDomain: true }), old)
    await refused(
      requiredTenant('kpmg', { fromPowerDomain: true, ...exactly }),
      old,
      'tenant_mismatch',
    )
  })

  test('from the request, at once or later', async () => {
    const at = (request: unknown) => (request as { tenant: string }).tenant
    expect(ask(requiredTenant(at), caller, { tenant: 'kpmg' })).toBeUndefined()
    await expect(
      ask(
        requiredTenant((request) => Promise.resolve(at(request))),
        caller,
        { tenant: 'kpmg' },
      ),
    ).resolves.toBeUndefined()
    expect((await refusalOf(requiredTenant(at), caller, { tenant: 'other' })).code).toBe(
      'tenant_mismatch',
    )
    expect(
      (
        await refusalOf(
          requiredTenant(() => Promise.resolve('other')),
          caller,
        )
      ).code,
    ).toBe('tenant_mismatch')
  })

  test.each([undefined, '', null, 7, [], ['kpmg'], ['kpmg', 'kpmg'], { toString: () => 'kpmg' }])(
    'a request whose tenant is %j is refused, also where the token has none',
    async (tenant) => {
      const ofRequest = requiredTenant((() => tenant) as never)
      await refused(ofRequest, caller, 'tenant_mismatch')
      await refused(ofRequest, callerWith({ tenant: undefined }), 'tenant_mismatch')
      await refused(ofRequest, callerWith({ tenant: '' }), 'tenant_mismatch')
    },
  )

  test('a token without a tenant', async () => {
    const old = (...domains: (string | undefined)[]) =>
      callerWith({ tenant: undefined, powers: domains.map(power) })
    const fromPowers = requiredTenant('kpmg', { fromPowerDomain: true })
    const { reason } = await refused(requiredTenant('kpmg'), old('kpmg'), 'tenant_mismatch')
    expect(reason.hint).toContain('fromPowerDomain')
    granted(fromPowers, old('KPMG', undefined, 'kpmg'))
    await refused(fromPowers, old('kpmg', 'dome'), 'tenant_mismatch')
    await refused(fromPowers, old(), 'tenant_mismatch')
    await refused(
      fromPowers,
      callerWith({ tenant: 'dome', powers: [power('kpmg')] }),
      'tenant_mismatch',
    )
  })

  test('a tenant that the request names shows in no log as it came', async () => {
    const named = `\u009b\u2028\u202e${'x'.repeat(3_000)}`
    for (const one of [caller, callerWith({ tenant: undefined })]) {
      const { reason } = await refused(
        requiredTenant(() => named),
        one,
        'tenant_mismatch',
      )
      expect(reason.expected).toMatch(/^the tenant "[\x20-\x7e]{1,250}…?$/)
    }
  })

  test('suffixes of environments', async () => {
    const stripped = { stripEnvironmentSuffix: true }
    granted(requiredTenant('kpmg', stripped), callerWith({ tenant: 'kpmg-stg' }))
    granted(requiredTenant('kpmg-DEV', stripped), caller)
    await refused(requiredTenant('kpmg'), callerWith({ tenant: 'kpmg-stg' }), 'tenant_mismatch')
    await refused(
      requiredTenant('kpmg', stripped),
      callerWith({ tenant: 'kpmg-prd' }),
      'tenant_mismatch',
    )
    await refused(
      requiredTenant('-stg', stripped),
      callerWith({ tenant: '-dev' }),
      'tenant_mismatch',
    )
  })

  test.each<[string, () => unknown]>([
    ['an empty tenant', () => requiredTenant('')],
    ['nothing', () => requiredTenant(undefined as never)],
    ['an unknown option', () => requiredTenant('a', { strip: true } as never)],
    ['a switch as a text', () => requiredTenant('a', { fromPowerDomain: 'false' as never })],
  ])('refuses to be made of %s', (_, make) => {
    expect(invalid(make).kind).toBe('configuration')
  })
})
