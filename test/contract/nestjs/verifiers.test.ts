import { installed, run } from './thread.js'

interface Outcomes extends Readonly<Record<string, unknown>> {
  readonly ways: Readonly<Record<string, unknown>>
}

const majors = [10, 11, 12].map((major) => ({ major, ...installed(major) }))

describe.each(majors.filter(({ unavailable }) => unavailable === undefined))(
  'nestjs $version',
  ({ major }) => {
    let outcomes: Outcomes
    let close: () => Promise<void>
    beforeAll(async () => {
      ;({ said: outcomes, close } = await run<Outcomes>(major, 'verifiers', undefined))
    })
    afterAll(() => close())

    const ownVerifiers = { 'a by a': 200, 'a by b': 401, 'b by a': 401, 'b by b': 200 }
    const ownAndDefault = { 'b by a': 401, 'b by b': 200, 'default by a': 200, 'default by b': 401 }

    test.each(['options', 'lookup', 'resourceServer', 'useFactory', 'useClass', 'useExisting'])(
      'each feature module has a Verifier of its own, made by %s',
      (way) => {
        expect(outcomes.ways[way]).toEqual(ownVerifiers)
      },
    )

    test.each(['a feature beside the global one', 'the global one after a feature'])(
      "a feature module's own comes before the global one: %s",
      (scene) => {
        expect(outcomes[scene]).toEqual(ownAndDefault)
      },
    )

    test('a guard of the application gets the one of its module, or nothing starts', () => {
      const outcome = outcomes['a guard that asks the one of its feature']
      if (typeof outcome === 'string')
        expect(outcome).toContain('expected the AccessTokenGuard of Feature in Asking, found that')
      else expect(outcome).toEqual({ 'b by a': 401, 'b by b': 200 })
    })

    test('one object that two features import is one module', () => {
      expect(outcomes['one object that two features import']).toEqual({
        'one by a': 200,
        'one by b': 401,
        'two by a': 200,
        'two by b': 401,
      })
    })

    test.each([
      ['two global ones', 'expected one global VerifierGuardModule, found several'],
      ['two in one module', 'expected one VerifierGuardModule in Feature, found several'],
      [
        'two in one module, one of them exported again',
        'expected one VerifierGuardModule in Feature, found several',
      ],
      ['none', 'expected a VerifierGuardModule for AccessTokenGuard, found none'],
      [
        'a gateway without transports',
        'expected a transport that reads the tokens of Gateway.order',
      ],
    ])('the application does not start with %s', (scene, message) => {
      expect(outcomes[scene]).toEqual(expect.stringContaining(message))
    })

    test('the transports of a gateway are those of its own module', () => {
      expect(outcomes['a gateway beside a module without transports']).toBe('started')
    })

    test.each([
      [
        'doors without APP_GUARD',
        '1 guarded, 1 optional, 1 public, 2 open: GET /doors/forgotten/:id, OpenGateway.order. Put ',
      ],
      [
        'doors with APP_GUARD',
        '2 guarded, 1 optional, 1 public. Any valid token may call GET /doors',
      ],
      ['doors with a guard that asks ours', '2 guarded, 1 optional, 1 public'],
      [
        'doors of a gateway with APP_GUARD',
        '2 guarded, 1 optional, 1 public, 1 open: OpenGateway.order. Put ',
      ],
    ])('one line at the start says what is open: %s', (scene, line) => {
      expect(outcomes[scene]).toEqual([expect.stringMatching(`^${line}`)])
    })

    test('an API key passes a requirement where the guard for keys says so', () => {
      expect(outcomes['an API key or a token']).toEqual({
        key: 200,
        'wrong key': 401,
        token: 200,
        'token without the scope': 403,
        neither: 401,
      })
    })

    test('an API key is denied where the guard for keys comes after ours', () => {
      expect(outcomes['an API key whose guard comes too late']).toMatchObject({
        key: 401,
        token: 200,
        neither: 401,
      })
    })
  },
)
