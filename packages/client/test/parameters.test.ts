import { createTokenSource, type CommonOptions, type GetTokenOptions } from '../src/index.js'
import { closing, failureOf, holdRuntime, record } from './support.js'

const issuer = 'https://login.example.org'
const A = 'https://a.example.org'
const B = 'https://b.example.org'

/** A source, and the forms that its authorization server was sent. */
function start(options: CommonOptions = {}) {
  const forms: URLSearchParams[] = []
  const fetch = (url: string, init: RequestInit = {}) => {
    if (url.includes('.well-known'))
      return Promise.resolve(Response.json({ issuer, token_endpoint: `${issuer}/token` }))
    forms.push(new URLSearchParams(init.body as string))
    const body = { access_token: `t${forms.length}`, token_type: 'Bearer', expires_in: 900 }
    return Promise.resolve(Response.json(body))
  }
  const { recorded, events } = record()
  const tokens = closing(
    createTokenSource({
      authorizationServer: issuer,
      clientId: 'me',
      clientSecret: 'secret',
      events,
      ...options,
      runtime: { ...holdRuntime(), fetch },
    }),
  )
  return { tokens, forms, recorded }
}

describe('the tenant', () => {
  it.each(['acme', null])('%p is refused of a call where the option is', async (tenant) => {
    const { tokens, forms } = start()
    for (const call of [
      () => tokens.getToken({ tenant }),
      () => tokens.dropToken('t1', { tenant }),
    ]) {
      const error = await failureOf(call)
      expect(error).toMatchObject({ code: 'invalid_option' })
      expect(error.message).toContain('found "tenant"')
    }
    expect(forms).toEqual([])
  })

  it('may be left out by a member without a value', async () => {
    const { tokens } = start()
    const wanted = { tenant: undefined } as object
    expect(await tokens.getToken(wanted)).toBe('t1')
  })
})

describe('the token request', () => {
  it('carries the parameters of the source, and nothing else', async () => {
    const parameters = { organization: 'org_1', prompt: '' }
    const { tokens, forms } = start({ scope: 'a b', resource: [A, B], audience: A, parameters })
    await tokens.getToken()
    expect([...(forms[0] ?? [])]).toEqual([
      ['grant_type', 'client_credentials'],
      ['scope', 'a b'],
      ['audience', A],
      ['organization', 'org_1'],
      ['prompt', ''],
      ['resource', A],
      ['resource', B],
    ])
  })

  it('of a call carries what the call says in place of what the source says', async () => {
    const { tokens, forms } = start({ resource: A, parameters: { organization: 'org_1' } })
    await tokens.getToken({ resource: B, parameters: { tier: 'gold' } })
    expect(Object.fromEntries(forms[0] ?? [])).toEqual({
      grant_type: 'client_credentials',
      resource: B,
      tier: 'gold',
    })
  })

  it('is one for parameters that are the same in other words', async () => {
    const { tokens, forms } = start()
    const calls: GetTokenOptions[] = [
      { resource: A, parameters: { one: '1', two: '2' } },
      { resource: [A], parameters: { two: '2', one: '1' } },
    ]
    expect(await Promise.all(calls.map((call) => tokens.getToken(call)))).toEqual(['t1', 't1'])
    expect(await tokens.getToken({ resource: [A, B] })).toBe('t2')
    expect(await tokens.getToken({ resource: A, parameters: { one: '2', two: '1' } })).toBe('t3')
    expect(forms).toHaveLength(3)
  })

  it('stays as it is when the caller changes its objects', async () => {
    const resource = [A]
    const parameters = { organization: 'org_1' }
    const { tokens, forms } = start({ resource, parameters })
    resource.push(B)
    parameters.organization = 'org_2'
    await tokens.getToken()
    expect(forms[0]?.getAll('resource')).toEqual([A])
    expect(forms[0]?.get('organization')).toBe('org_1')
  })

  it('tells no event what its further parameters are: they may be secret', async () => {
    const { tokens, recorded } = start({ scope: 'a', parameters: { one_time_code: 'hunter2' } })
    tokens.dropToken(await tokens.getToken())
    expect(recorded).toMatchObject([{ parameters: { scope: 'a' } }, { parameters: { scope: 'a' } }])
    expect(JSON.stringify(recorded)).not.toContain('hunter2')
  })

  it.each<[string, object, string]>([
    ['grant_type', { parameters: { grant_type: 'password' } }, 'it is client_credentials always'],
    ['client_id', { parameters: { client_id: 'other' } }, 'set "clientId"'],
    ['client_secret', { parameters: { client_secret: 's' } }, 'set "clientSecret"'],
    ['client_assertion', { parameters: { client_assertion: 'a.b.c' } }, 'the client makes it'],
    ['scope', { parameters: { scope: 'a' } }, 'set "scope"'],
    ['resource', { parameters: { resource: A } }, 'set "resource"'],
    ['audience', { parameters: { audience: A } }, 'set "audience"'],
    ['a number', { parameters: { max_age: 5 } }, 'found a number as "max_age"'],
    ['a list', { parameters: ['organization'] }, 'an object of texts as "parameters"'],
    ['no resource', { resource: [] }, 'some texts in "resource"'],
    ['a resource that is no text', { resource: [A, 5] }, 'a text as "resource"'],
  ])('refuses %s among its parameters, of the source and of a call', async (_, wrong, found) => {
    const { tokens, forms } = start()
    for (const attempt of [() => start(wrong), () => tokens.getToken(wrong)]) {
      const error = await failureOf(async () => void (await attempt()))
      expect(error).toMatchObject({ code: 'invalid_option' })
      expect(error.message).toContain(found)
    }
    expect(forms).toEqual([])
  })
})
