import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import { describeOffers, type Running } from '../../../test/examples/offers.js'

const example = join(__dirname, '..')

describeOffers((VERIFIER) => startNext({ VERIFIER }))

describe('beside the offers API of every framework', () => {
  let verifier: DevVerifier
  let running: Running
  beforeAll(async () => {
    verifier = await startDevVerifier()
    running = await startNext({ VERIFIER: verifier.issuer })
  })
  afterAll(async () => {
    await running.stop()
    await verifier.close()
  })

  test.each(['/offers', '/offers/chairs', '/offers/chairs/none'])(
    'the proxy closes %s, route or none',
    async (path) => {
      expect((await fetch(running.address + path)).status).toBe(401)
    },
  )

  test('a handler gets its parameters after the caller, and the request of Next', async () => {
    const action = ['Read', 'Create']
    const powers = [{ type: 'domain', domain: 'DOME', function: 'ProductOffering', action }]
    const headers = {
      authorization: `Bearer ${verifier.mint({ powers })}`,
      'content-type': 'application/json',
    }
    const body = JSON.stringify({ name: 'chairs' })
    await fetch(`${running.address}/offers`, { method: 'POST', headers, body })
    const seen: unknown[] = []
    for (const path of ['/offers/chairs', '/offers?word=air', '/offers?word=table'])
      seen.push(await (await fetch(running.address + path, { headers })).json())
    const chairs = { name: 'chairs', organization: 'VATES-B12345678' }
    expect(seen).toEqual([chairs, [chairs], []])
  })

  test('a caller with a token finds that there is no such route', async () => {
    const headers = { authorization: `Bearer ${verifier.mint()}` }
    const { status } = await fetch(`${running.address}/offers/chairs/none`, { headers })
    expect(status).toBe(404)
  })
})

/** Runs `next start` on what `next build` made where no issuer is known. */
async function startNext(environment: Readonly<Record<string, string>>): Promise<Running> {
  const flags = ['start', '--hostname', '127.0.0.1', '--port', '0']
  const child = spawn(process.execPath, [require.resolve('next/dist/bin/next'), ...flags], {
    cwd: example,
    env: { ...process.env, ...PRODUCTION, ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit')
  return { address: await addressIn(child.stdout), stop: () => (child.kill(), ended) }
}

const PRODUCTION = { NODE_ENV: 'production', NODE_OPTIONS: '', NEXT_TELEMETRY_DISABLED: '1' }

/** Next prints its address before it is ready, and that it is. */
async function addressIn(printed: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const part of printed) {
    text += part.toString()
    const address = /Local: +(http:\S+)/.exec(text)?.[1]
    if (address !== undefined && text.includes('Ready')) return address
  }
  throw new Error(`expected Next to start, found: ${text}`)
}
