import type { KeyObject } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { ResourceServerOptions } from '@verifier-guard/core'
import type { Jwk } from '@verifier-guard/dev-verifier'
import { createKeyPair } from '../key-pair.js'
import { endScenes, setScene, unavailable, type Scene } from './scene.js'

afterEach(endScenes)

const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' }) as Jwk
const p256 = () => jwkOf(createKeyPair('ec', { namedCurve: 'P-256' }).publicKey)
const ignoredBy = ({ events }: Scene) => events('keySetRefreshed').at(-1)!.ignored

/** A scene whose keys are answered by this in place of the Verifier. */
const answering = (
  answer: (scene: Pick<Scene, 'verifier'>, init: RequestInit | undefined) => Response,
) =>
  setScene({
    fetch: (url, init, scene) =>
      url.endsWith('/jwks')
        ? Promise.resolve(answer(scene, init))
        : scene.verifier.fetch(url, init),
  })

/** A body without end, and whether it was cut off. */
function endless(chunk: Uint8Array) {
  const seen = { bytes: 0, cutOff: false }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.bytes += chunk.length
        controller.enqueue(chunk)
      },
      cancel: () => void (seen.cutOff = true),
    },
    { highWaterMark: 0 },
  )
  return { body, seen }
}

describe('a body that is too large', () => {
  test('is cut off after 512 KiB, and the connection closed', async () => {
    const { body, seen } = endless(new Uint8Array(16_384).fill(0x20))
    const { present, mint, events } = answering(() => new Response(body))
    expect(await present(mint())).toEqual(unavailable)
    expect(seen.cutOff).toBe(true)
    expect(seen.bytes).toBeLessThanOrEqual(524_288 + 2 * 16_384)
    expect(events('keySetFailed')[0]!.message).toMatch(
      /expected at most 524288 bytes from .*, got more/,
    )
  })

  test('is cut off by what the application allows', async () => {
    const { present, mint } = setScene({ options: { keySet: { maxBytes: 100 } } })
    expect(await present(mint())).toEqual(unavailable)
  })

  test('is cut off whatever the good answer behind it', async () => {
    const { verifier, present, mint } = setScene()
    verifier.fail('jwks', 'huge-body')
    expect(await present(mint())).toEqual(unavailable)
  })

  test('is cut off in the metadata too', async () => {
    const { verifier, present, mint } = setScene()
    verifier.fail('discovery', 'endless-body')
    expect(await present(mint())).toEqual(unavailable)
    expect(verifier.requests.jwks).toBe(0)
  })

  test('that trickles is ended by the time-out, also when the fetch in use knows no signal', async () => {
    let ended = false
    const { clock, present, mint } = answering(
      () =>
        new Response(
          new ReadableStream({
            pull: () => new Promise(() => {}),
            cancel: () => void (ended = true),
          }),
        ),
    )
    const refused = present(mint())
    await clock.pass(5)
    expect(await refused).toEqual(unavailable)
    expect(ended).toBe(true)
  })

  test('that comes after the time-out is not read any more', async () => {
    let answerLate = (_: Response) => {}
    let ended = false
    const { clock, present, mint } = setScene({
      fetch: (url, init, { verifier }) =>
        url.endsWith('/jwks')
          ? new Promise((resolve) => (answerLate = resolve))
          : verifier.fetch(url, init),
    })
    const refused = present(mint())
    await clock.pass(5)
    expect(await refused).toEqual(unavailable)
    answerLate(new Response(new ReadableStream({ cancel: () => void (ended = true) })))
    await clock.pass(0)
    expect(ended).toBe(true)
  })
})

describe('what stands beside the good key', () => {
  const strangers: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      'a symmetric key',
      () => ({ kty: 'oct', kid: 'x', k: 'c2VjcmV0', alg: 'HS256' }),
      /kty is oct/,
    ],
    [
      'a private key',
      () => ({ ...jwkOf(createKeyPair('ec', { namedCurve: 'P-256' }).privateKey), kid: 'x' }),
      /private member d/,
    ],
    [
      'a key of another curve',
      () => ({ ...jwkOf(createKeyPair('ec', { namedCurve: 'P-384' }).publicKey), kid: 'x' }),
      /crv is P-384/,
    ],
    [
      'a key of another type',
      () => ({ ...jwkOf(createKeyPair('rsa', { modulusLength: 2048 }).publicKey), kid: 'x' }),
      /kty is RSA/,
    ],
    ['a key for encryption', () => ({ ...p256(), kid: 'x', use: 'enc' }), /use is enc/],
    [
      'a key that may only sign',
      () => ({ ...p256(), kid: 'x', key_ops: ['sign'] }),
      /key_ops do not include verify/,
    ],
    ['a key of another algorithm', () => ({ ...p256(), kid: 'x', alg: 'ES384' }), /alg is ES384/],
    [
      'a key with half a coordinate',
      () => ({ ...p256(), kid: 'x', x: 'AAAA' }),
      /length of its curve/,
    ],
    ['a key without coordinates', () => ({ kty: 'EC', crv: 'P-256', kid: 'x' }), /./],
    [
      'a key with a point beside the curve',
      () => ({ ...p256(), kid: 'x', y: p256()['y'] }),
      /not on its curve/,
    ],
    ['an empty object', () => ({}), /no JSON object with "kty"/],
    ['null', () => null, /no JSON object/],
    ['a number', () => 42, /no JSON object/],
    ['a text', () => 'kid', /no JSON object/],
    ['a list', () => [p256()], /no JSON object/],
    ['a key whose id is a number', () => ({ ...p256(), kid: 7 }), /no JSON object/],
    ['a key whose type is a list', () => ({ ...p256(), kty: ['EC'] }), /no JSON object/],
  ]

  test.each(strangers)(
    '%s: the good key works, the other is reported',
    async (_, stranger, why) => {
      const scene = setScene()
      scene.verifier.addKeys([stranger() as Jwk])
      expect(await scene.present(scene.mint())).toBe('allowed')
      expect(ignoredBy(scene)).toEqual([
        expect.objectContaining({ why: expect.stringMatching(why) as unknown }),
      ])
    },
  )

  test('a set of nothing but points beside the curve is no answer: the keys at hand stay', async () => {
    const scene = setScene()
    await scene.server.ready()
    const broken = () => Response.json({ keys: [{ ...p256(), kid: 'x', y: p256()['y'] }] })
    scene.verifier.fail('jwks', 'hang')
    expect(await scene.present(scene.mint())).toBe('allowed')
    scene.verifier.heal()
    const other = answering(({ verifier }) =>
      verifier.requests.jwks === 0 ? broken() : Response.json(verifier.jwks()),
    )
    expect(await other.present(other.mint())).toEqual(unavailable)
    expect(other.events('keySetFailed')[0]!.message).toMatch(/found no key that ES256 can use/)
  })

  test('a point beside the curve does not stand in the way of a token without an id', async () => {
    const scene = setScene()
    scene.verifier.addKeys([{ ...p256(), kid: 'x', y: p256()['y']! }])
    expect(await scene.present(scene.mint({ header: { kid: undefined } }))).toBe('allowed')
  })

  test('a key with a member nested 20 000 deep: both work', async () => {
    const scene = answering(({ verifier }) => {
      const deep = JSON.stringify({ ...p256(), kid: 'x', n: 0 }).replace(
        '"n":0',
        `"n":${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      )
      return new Response(`{"keys":[${deep},${JSON.stringify(verifier.jwks().keys[0])}]}`)
    })
    expect(await scene.present(scene.mint())).toBe('allowed')
    expect(scene.server.health().issuers[0]!.keys).toBe(2)
  })

  test('thousands of keys: the good one works', async () => {
    const scene = setScene()
    const template = p256()
    scene.verifier.addKeys(Array.from({ length: 3_000 }, (_, n) => ({ ...template, kid: `${n}` })))
    expect(await scene.present(scene.mint())).toBe('allowed')
    expect(scene.server.health().issuers[0]!.keys).toBe(3_001)
  })

  test('thousands that are of no use: a sample of them is reported', async () => {
    const scene = setScene()
    scene.verifier.addKeys(Array.from({ length: 3_000 }, (_, n) => ({ kty: 'oct', kid: `${n}` })))
    expect(await scene.present(scene.mint())).toBe('allowed')
    expect(ignoredBy(scene).length).toBe(10)
  })

  test('another key under the same id: both are tried', async () => {
    const { verifier, present, mint } = answering(({ verifier }) => {
      const [good] = verifier.jwks().keys
      return Response.json({ keys: [{ ...p256(), kid: good!['kid'] }, good] })
    })
    expect(verifier.jwks().keys.length).toBe(1)
    expect(await present(mint())).toBe('allowed')
  })

  test('the same key a hundred times, and a token without an id: it is one key', async () => {
    const scene = answering(({ verifier }) =>
      Response.json({ keys: Array(100).fill(verifier.jwks().keys[0]) }),
    )
    expect(await scene.present(scene.mint({ header: { kid: undefined } }))).toBe('allowed')
    expect(scene.server.health().issuers[0]!.keys).toBe(1)
  })

  test('more keys under one id than are tried: those left out are reported', async () => {
    const scene = answering(({ verifier }) => {
      const [good] = verifier.jwks().keys
      return Response.json({
        keys: [good, ...Array.from({ length: 5 }, () => ({ ...p256(), kid: good!['kid'] }))],
      })
    })
    expect(await scene.present(scene.mint())).toBe('allowed')
    expect(ignoredBy(scene).map(({ why }) => why)).toEqual(
      Array(2).fill('there are 4 others under its id'),
    )
  })

  test('ids that are names of every object are ids like any other', async () => {
    const scene = setScene()
    scene.verifier.addKeys(
      ['__proto__', 'constructor', 'toString'].map((kid) => ({ ...p256(), kid })),
    )
    expect(await scene.present(scene.mint({ header: { kid: 'hasOwnProperty' } }))).toMatchObject({
      code: 'key_unknown',
    })
    expect(await scene.present(scene.mint({ header: { kid: 'constructor' } }))).toMatchObject({
      code: 'signature_invalid',
    })
    expect(await scene.present(scene.mint())).toBe('allowed')
  })
})

describe('a redirect', () => {
  test.each(['jwks', 'discovery'] as const)('of the %s is not followed', async (endpoint) => {
    const { verifier, calls, present, mint, events } = setScene()
    verifier.fail(endpoint, 'redirect')
    expect(await present(mint())).toEqual(unavailable)
    expect(calls.some((url) => url.includes('moved'))).toBe(false)
    expect(events('keySetFailed')[0]!.message).toMatch(/it redirects; configure the final address/)
  })
})

describe('a request for keys', () => {
  test('carries nothing of the token', async () => {
    const sent: string[] = []
    const { present, mint } = answering(({ verifier }, init) => {
      sent.push(
        JSON.stringify([...new Headers(init?.headers)]),
        `${init?.method}`,
        `${init?.redirect}`,
      )
      return Response.json(verifier.jwks())
    })
    expect(await present(mint())).toBe('allowed')
    expect(sent).toEqual([
      '[["accept","application/jwk-set+json, application/json"]]',
      'GET',
      'manual',
    ])
  })

  test('gets by with a compressed answer that was unpacked on the way', async () => {
    const { present, mint } = answering(({ verifier }) => {
      const packed = new Blob([gzipSync(JSON.stringify(verifier.jwks()))]).stream()
      return new Response(packed.pipeThrough(new DecompressionStream('gzip')))
    })
    expect(await present(mint())).toBe('allowed')
  })
})

describe('the reason of a refusal', () => {
  test('names what is wrong with the key that is published under the id', async () => {
    const { present, mint, events } = answering(({ verifier }) =>
      Response.json({
        keys: [
          { ...verifier.jwks().keys[0], use: 'enc' },
          { ...p256(), kid: 'other' },
        ],
      }),
    )
    expect(await present(mint())).toMatchObject({ status: 401, code: 'key_unknown' })
    expect(events('denied')[0]).toMatchObject({
      hint: "the Verifier publishes it, but it can't be used: its use is enc, not sig",
    })
  })

  test.each<[string, Partial<ResourceServerOptions>]>([
    ['issuer', {}],
    ['jwksUri', { jwksUri: 'https://verifier.example.test/wrong' }],
  ])(
    'sends the developer to the option "%s" where the Verifier was reached',
    async (option, options) => {
      const { present, mint, events } = setScene({
        options,
        fetch: () =>
          Promise.resolve(
            new Response('<html>', { status: 404, headers: { 'content-type': 'text/html' } }),
          ),
      })
      expect(await present(mint())).toEqual(unavailable)
      expect(events('denied')[0]).toMatchObject({
        hint: expect.stringContaining(`check the option "${option}"`) as string,
      })
    },
  )

  test('sends him to the network where it was not', async () => {
    const { verifier, present, mint, events } = setScene()
    verifier.fail('discovery', 'refuse')
    expect(await present(mint())).toEqual(unavailable)
    expect(events('denied')[0]).toMatchObject({
      hint: expect.stringContaining('can reach the Verifier') as string,
    })
  })
})
