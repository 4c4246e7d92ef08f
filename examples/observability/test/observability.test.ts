import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createTokenSource } from '@verifier-guard/client'
import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import {
  createResourceServer,
  requiredStatus,
  type ReplayStore,
  type ResourceServerOptions,
} from '@verifier-guard/express'
import { nodeRedisStore } from '@verifier-guard/redis'
import { createClient } from 'redis'
import { METRICS } from '../../../packages/opentelemetry/src/metrics.js'
import { describeWith } from '../../../test/programs.js'
import { createApp } from '../src/app.js'
import { serveMetrics } from '../src/telemetry.js'
import { freePort, pause, startPrometheus, type Prometheus, type Sample } from './prometheus.js'

const folder = join(__dirname, '../../../packages/opentelemetry')
const ruleFile = join(folder, 'dashboards/verifier-guard.rules.yml')

interface Panel {
  readonly title: string
  readonly targets: readonly { readonly expr: string }[]
}

const { panels } = JSON.parse(
  readFileSync(join(folder, 'dashboards/verifier-guard.json'), 'utf8'),
) as { readonly panels: readonly Panel[] }

/** The queries of the dashboard as Grafana sends them for a job, each with its panel. */
const queriesOf = (job: string) =>
  panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({
      of: title,
      expression: expr.replaceAll('$__rate_interval', '30s').replaceAll('$job', job),
    })),
  )
const queries = [...queriesOf('exporter'), ...queriesOf('collector')]

/** The expressions of the alert rules: of each, from "expr:" to the next member. */
const alerts = [
  ...readFileSync(ruleFile, 'utf8').matchAll(
    /alert: (\w+)\n\s+expr: (?:>-)?([^]*?)\n\s+(?:for|labels):/g,
  ),
].map(([, of, text]) => ({ of: of!, expression: text!.replace(/\s+/g, ' ').trim() }))

describe('dashboard and alert rules', () => {
  const known = new Set(
    Object.entries(METRICS).flatMap(([name, { kind, unit }]) => {
      const plain = name.replace(/\W/g, '_')
      const inUnit = `${plain}${({ s: '(_seconds)?', By: '(_bytes)?' } as Record<string, string>)[unit] ?? ''}`
      if (kind === 'counter') return [`${plain}_total`]
      return kind === 'histogram' ? [`${inUnit}_count`, `${inUnit}_bucket`] : [inUnit]
    }),
  )

  test('name no metric that does not exist', () => {
    const named = [...queries, ...alerts].flatMap(
      ({ expression }) => expression.match(/verifier_guard_[\w()?]*[\w?]/g) ?? [],
    )
    expect(named.length).toBeGreaterThan(30)
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })

  test('name every metric', () => {
    const text = [...queries, ...alerts].map(({ expression }) => expression).join('\n')
    const unused = Object.keys(METRICS).filter((name) => !text.includes(name.replace(/\W/g, '_')))
    expect(unused).toEqual([])
  })

  test('has a row of the README for each alert', () => {
    const page = readFileSync(join(folder, 'README.md'), 'utf8')
    const rows = [...page.matchAll(/^\| `(VerifierGuard\w+)`/gm)].map(([, name]) => name)
    expect(rows).toEqual(alerts.map(({ of }) => of))
  })
})

describeWith('promtool', 'promtool', (promtool) => {
  test('finds no fault in the rules, and each alert fires when it should and not before', () => {
    const rules = join(folder, 'test/rules.yml')
    const output = execFileSync(promtool, ['test', 'rules', rules], { encoding: 'utf8' })
    expect(output).toContain('SUCCESS')
  })

  test('every alert is among those that it tests', () => {
    const tested = readFileSync(join(folder, 'test/rules.yml'), 'utf8')
    expect(alerts.filter(({ of }) => !tested.includes(`alertname: ${of}`))).toEqual([])
  })
})

describeWith('prometheus', 'Prometheus, while faults come', () => {
  const ends: (() => unknown)[] = []
  let verifier: DevVerifier
  let prometheus: Prometheus
  let drive: () => Promise<void>

  beforeAll(async () => {
    verifier = await startDevVerifier()
    const port = await freePort()
    const endMetrics = await serveMetrics(port)
    prometheus = await startPrometheus(`127.0.0.1:${port}`, ruleFile)
    ends.push(prometheus.stop, endMetrics, () => verifier.close())
    drive = await scene(verifier, ends)
  }, 120_000)

  afterAll(async () => {
    for (const end of ends) await end()
  }, 120_000)

  test('answers every query of the dashboard and every expression of an alert', async () => {
    let open: readonly { readonly of: string; readonly expression: string }[] = [
      ...queries,
      ...alerts,
    ]
    for (let round = 1; round <= 60 && open.length > 0; round += 1) {
      await drive()
      await pause(500)
      const answers = await Promise.all(
        open.map(async (one) => ({ one, samples: await prometheus.query(one.expression) })),
      )
      open = answers.filter(({ samples }) => !hasData(samples)).map(({ one }) => one)
    }
    expect(open).toEqual([])
  }, 180_000)

  test('has loaded every rule, and evaluates it without a fault', async () => {
    const rules = await prometheus.rules()
    expect(rules.map(({ name, health }) => [name, health])).toEqual(
      alerts.map(({ of }) => [of, 'ok']),
    )
  })
})

function hasData(samples: readonly Sample[]): boolean {
  return samples.some(({ value }) => Number.isFinite(value))
}

/** The public address of the API, for which proofs are made. */
const RESOURCE = 'https://orders.example.org'

/** A replay store whose server is down. */
async function unreachableStore(): Promise<ReplayStore> {
  const socket = { host: '127.0.0.1', port: await freePort(), reconnectStrategy: false } as const
  const client = createClient({ socket, disableOfflineQueue: true })
  client.on('error', () => {})
  await client.connect().catch(() => {})
  return nodeRedisStore(client)
}

/** Callers, clients and faults. @returns one round of them */
async function scene(verifier: DevVerifier, ends: (() => unknown)[]): Promise<() => Promise<void>> {
  const { issuer } = verifier
  const quiet = { denied() {}, keySetFailed() {}, statusListFailed() {}, replayStoreFailed() {} }

  /** The API of the example under some options, as a caller reaches it. */
  async function api(options: Partial<ResourceServerOptions> = {}) {
    const resourceServer = createResourceServer({
      issuer,
      profile: 'eudistack',
      events: quiet,
      ...options,
    })
    const server: Server = createApp(resourceServer).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    ends.push(resourceServer.close, () => server.close())
    const { port } = server.address() as AddressInfo
    const send = async (headers: Readonly<Record<string, string>>) => {
      const response = await fetch(`http://127.0.0.1:${port}/orders`, { headers })
      await response.body?.cancel()
    }
    const call = (token: string) => send({ authorization: `Bearer ${token}` })
    const callBound = (token: string, dpop: string) =>
      send({ authorization: `DPoP ${token}`, dpop })
    return { call, callBound, resourceServer }
  }

  const orders = await api()
  const misconfigured = await api({ audience: 'https://another.example.org' })
  const proving = await api({ resource: RESOURCE })
  const storeless = await api({
    resource: RESOURCE,
    dpop: { replay: { store: await unreachableStore() } },
  })
  const aging = await api({ keySet: { maxAge: 1, maxStale: 3_600 } })
  const listed = await api({
    status: { lists: [{ url: issuer, keys: verifier.credentialIssuer.keys }], maxAge: 1 },
  })
  await Promise.all(
    [orders, misconfigured, proving, aging, listed].map(({ resourceServer }) =>
      resourceServer.ready(),
    ),
  )
  verifier.fail('jwks', 'status-503')
  const away = await api()

  const machine = verifier.issueMachineCredential({
    validUntil: new Date(Date.now() + 86_400_000),
    status: 'bitstring',
  })
  const tokens = createTokenSource({
    verifier: issuer,
    credential: machine.credential,
    privateKey: machine.privateKey.hex,
    events: { credentialExpiring() {} },
  })
  ends.push(tokens.close)
  const notRevoked = requiredStatus()
  const read = { type: 'domain', domain: 'DOME', function: 'Orders', action: 'Read' }
  const known = verifier.mint({ powers: [read] })
  const bound = verifier.mint({ powers: [read], boundTo: { key: verifier.proofKey.jwk } })
  const proofOf = (accessToken: string) =>
    verifier.mintProof({ url: `${RESOURCE}/orders`, accessToken })

  return async () => {
    await Promise.all([
      orders.call(known),
      orders.call(verifier.mint({ powers: [read] })),
      orders.call(verifier.mint({ powers: [] })),
      orders.call(verifier.mintBroken('not-yet-valid')),
      ...[1, 2, 3, 4].map(() => misconfigured.call(verifier.mint())),
      away.call(verifier.mint()),
      aging.call(verifier.mint()),
    ])
    const token = await tokens.getToken()
    const status = await listed.resourceServer.verifyAccessToken(token, notRevoked).catch(() => {})
    if (status === undefined) verifier.heal('status')
    else verifier.fail('status', 'status-503')
    const proof = proofOf(bound)
    await proving.callBound(bound, proof)
    await proving.callBound(bound, proof)
    await storeless.callBound(bound, proofOf(bound))
  }
}
