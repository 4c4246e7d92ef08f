import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { heard, type Running } from '../contract/application.js'
import type { RequestHeaders } from '../contract/cases.js'
import { driversFor } from '../contract/drivers/index.js'
import { RFC8705, RFC9440 } from '../../packages/core/test/fixtures/client-certificates.js'
import { send, type Received } from '../contract/send.js'
import { root } from '../packages.js'
import { mint, RESOURCE, trust } from './api.js'
import { createHolder } from './holder.js'
import {
  answerTo,
  CERTIFICATES,
  CONFIRMATIONS,
  markdown,
  MODES,
  PROOFS,
  SCHEMES,
  type Presentation,
} from './rules.js'

const PATH = '/api/me'
const URL_OF_PROOF = `${RESOURCE}${PATH}`
const ORDERS = ['first', 'after a good one', 'after a bad one'] as const

const holder = createHolder()
const stranger = createHolder()
const { thumbprint } = RFC8705
const FIELD = 'x-client-cert'
const FIELDS: Readonly<Record<Presentation['certificate'], RequestHeaders>> = {
  no: {},
  good: { [FIELD]: RFC8705.der },
  'of another client': { [FIELD]: RFC9440.der },
  malformed: { [FIELD]: '{http.request.tls.client.certificate_der_base64}' },
}
const BOUND: Readonly<Record<Presentation['confirmation'], object | undefined>> = {
  none: undefined,
  jkt: { jkt: holder.jkt },
  'x5t#S256': { 'x5t#S256': thumbprint },
  both: { jkt: holder.jkt, 'x5t#S256': thumbprint },
  unknown: { jkt: holder.jkt, kid: 'key' },
}

let minted = 0
/** A token that no request has had before. */
function freshToken(confirmation: Presentation['confirmation']): string {
  const cnf = BOUND[confirmation]
  minted += 1
  return mint({ jti: `${minted}`, ...(cnf && { cnf }) }, Math.floor(Date.now() / 1_000))
}

type Case = Presentation & { readonly order: (typeof ORDERS)[number] }

/** Every combination of what a request may present, and in which order. */
function cases(mode: Presentation['mode']): readonly Case[] {
  return CONFIRMATIONS.flatMap((confirmation) =>
    SCHEMES.flatMap((scheme) =>
      PROOFS.flatMap((proof) =>
        certificatesFor(confirmation).map((shown) => ({
          mode,
          scheme,
          confirmation,
          proof,
          ...shown,
        })),
      ),
    ),
  )
}

/**
 * To tokens that are bound to no certificate, even a malformed one means nothing. To the others,
 * none is shown in every order, and the rest once the token is remembered.
 */
function certificatesFor(
  confirmation: Presentation['confirmation'],
): readonly Pick<Case, 'certificate' | 'order'>[] {
  const isBound = confirmation === 'x5t#S256' || confirmation === 'both'
  const first = isBound ? 'no' : 'malformed'
  const others = isBound ? CERTIFICATES.filter((certificate) => certificate !== 'no') : []
  return [
    ...ORDERS.map((order) => ({ certificate: first, order }) as const),
    ...others.map((certificate) => ({ certificate, order: 'after a good one' }) as const),
  ]
}

function headersOf({ scheme, proof, certificate }: Presentation, token: string): RequestHeaders {
  const fields = { authorization: `${scheme} ${token}`, ...FIELDS[certificate] }
  if (proof === 'no') return fields
  const signer = proof === 'of another key' ? stranger : holder
  return { ...fields, dpop: signer.proof({ url: URL_OF_PROOF, token }) }
}

/** The status, and the error in the challenges: each of them has it, or none or one does. */
function told({ status, headers }: Received): string {
  const challenges = headers['www-authenticate'] ?? ''
  const [, error] = /error="(\w+)"/.exec(challenges) ?? []
  return error === undefined ? `${status}` : `${status} ${error}`
}

/** Requests that come before, often enough for a good token to be remembered. */
function before(
  order: (typeof ORDERS)[number],
  presented: Presentation,
  token: string,
): readonly RequestHeaders[] {
  const { confirmation } = presented
  const isBound = confirmation !== 'none'
  const good: Presentation = {
    ...presented,
    scheme: isBound && confirmation !== 'x5t#S256' ? 'DPoP' : 'Bearer',
    proof: isBound ? 'good' : 'no',
    certificate: 'good',
  }
  const bad: Presentation = {
    ...presented,
    scheme: isBound ? 'Bearer' : 'DPoP',
    proof: 'no',
    certificate: 'no',
  }
  if (order === 'first') return []
  const times = [1, 2, 3]
  return times.map(() => headersOf(order === 'after a good one' ? good : bad, token))
}

describe.each(driversFor('contract'))('$name', (driver) => {
  test.each(MODES)('mode %s: every presentation is answered by the rules', async (mode) => {
    const certificate = { header: FIELD, format: 'der-base64' } as const
    const options = { ...trust, resource: RESOURCE, dpop: { mode }, certificate, events: heard }
    const route = { method: 'get', path: '/me', handle: () => ({ caller: null }) } as const
    const app: Running = await driver.build({
      mounts: [{ path: '/api', options, routes: [route] }],
    })
    const ask = (headers: RequestHeaders) => send(app.url + PATH, 'GET', headers)
    const wrong: string[] = []
    let count = 0
    for (const presented of cases(mode)) {
      const token = freshToken(presented.confirmation)
      for (const headers of before(presented.order, presented, token)) await ask(headers)
      const headers = headersOf(presented, token)
      if (presented.proof === 'used') await ask(headers)
      const [found, expected] = [told(await ask(headers)), answerTo(presented)]
      count += 1
      if (found !== expected)
        wrong.push(`${Object.values(presented).join(', ')}: ${found}, not ${expected}`)
    }
    await app.close()
    expect(wrong).toEqual([])
    const orders = CONFIRMATIONS.length * ORDERS.length + 2 * (CERTIFICATES.length - 1)
    expect(count).toBe(SCHEMES.length * PROOFS.length * orders)
  })

  test('behind a gateway that removes a path, a proof for the public URL passes', async () => {
    const options = { ...trust, resource: `${RESOURCE}/shop`, events: heard }
    const route = { method: 'get', path: '/me', handle: () => ({ caller: null }) } as const
    const app = await driver.build({ mounts: [{ path: '/api', options, routes: [route] }] })
    const token = freshToken('jkt')
    const ask = async (url: string) => {
      const headers = { authorization: `DPoP ${token}`, dpop: holder.proof({ url, token }) }
      return told(await send(`${app.url}${PATH}?page=2`, 'GET', headers))
    }
    expect(await ask(`${RESOURCE}/shop${PATH}`)).toBe('200')
    expect(await ask(`${RESOURCE}${PATH}`)).toBe('401 invalid_dpop_proof')
    expect(await ask(`${app.url}${PATH}`)).toBe('401 invalid_dpop_proof')
    await app.close()
  })

  test('a nonce comes with the refusal, and a new one with a good answer', async () => {
    const nonce = { secrets: ['a-secret-that-all-instances-share-0001'], lifetime: 10 }
    const options = { ...trust, resource: RESOURCE, dpop: { nonce }, events: heard }
    const route = { method: 'get', path: '/me', handle: () => ({ caller: null }) } as const
    const app = await driver.build({ mounts: [{ path: '/api', options, routes: [route] }] })
    const token = freshToken('jkt')
    const ask = (nonce?: string) => {
      const dpop = holder.proof({ url: URL_OF_PROOF, token, ...(nonce && { nonce }) })
      return send(app.url + PATH, 'GET', { authorization: `DPoP ${token}`, dpop })
    }
    const refused = await ask()
    expect(told(refused)).toBe('401 use_dpop_nonce')
    const given = refused.headers['dpop-nonce'] as string
    // Made by the secret that the API was told, as old as it may be.
    const { createNonces } = await import('../../packages/core/src/proof/nonces.js')
    const world = { now: () => Date.now() - 7_000, randomBytes: () => new Uint8Array(32) }
    const old = await createNonces(nonce, world).make()
    expect(told(await ask(given))).toBe('200')
    const renewed = await ask(old)
    expect(told(renewed)).toBe('200')
    expect(renewed.headers['dpop-nonce']).toEqual(expect.any(String))
    expect(renewed.headers['cache-control']).toContain('no-store')
    await app.close()
  })
})

test('the documents show the rules as they are', () => {
  const page = join(root, 'packages/core/docs/proof-of-possession.md')
  const [, shown = ''] = /<!-- rules -->([^]*?)<!-- \/ -->/.exec(readFileSync(page, 'utf8'))!
  expect(shown.trim()).toBe(markdown())
})
