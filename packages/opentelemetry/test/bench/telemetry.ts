import { createNoopMeter, ProxyTracerProvider } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { createResourceServer, systemRuntime, type ResourceServer } from '@verifier-guard/core'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { startTelemetry, type TelemetryOptions } from '../../src/index.js'

const DECISIONS = 50_000
const ROUNDS = 41

class OnDemandReader extends MetricReader {
  protected onForceFlush = () => Promise.resolve()
  protected onShutdown = () => Promise.resolve()
}

const runtime = { ...systemRuntime, warn() {} }
const tracerProvider = new ProxyTracerProvider()

/** Who listens, by name. */
const CASES: Readonly<Record<string, TelemetryOptions | undefined>> = {
  none: undefined,
  'the API without an SDK': {
    meterProvider: { getMeter: createNoopMeter },
    tracerProvider,
    runtime,
  },
  'the SDK': {
    meterProvider: new MeterProvider({ readers: [new OnDemandReader()] }),
    tracerProvider,
    runtime,
  },
}

/** What telemetry adds to a decision on a remembered token, in microseconds. */
export async function measure(write: (line: string) => void): Promise<void> {
  const verifier = createDevVerifier()
  const server = createResourceServer({
    issuer: verifier.issuer,
    profile: 'eudistack',
    runtime: { fetch: verifier.fetch },
  })
  const token = verifier.mint()
  const request = { headers: { authorization: `Bearer ${token}` } }
  for (let time = 1; time <= 3; time += 1) await server.authenticate(request)
  const samples = new Map(Object.keys(CASES).map((name) => [name, [] as number[]]))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, options] of Object.entries(CASES)) {
      const telemetry = options && startTelemetry(options)
      samples.get(name)!.push(await timeOf(server, request))
      telemetry?.stop()
    }
  }
  server.close()
  const base = samples.get('none')!
  write(`no subscriber: ${median(base).toFixed(2)} µs`)
  for (const [name, own] of [...samples].slice(1)) {
    const added = own.map((sample, round) => sample - base[round]!)
    write(`${name} adds: ${median(added).toFixed(2)} µs`)
  }
}

async function timeOf(server: ResourceServer, request: object): Promise<number> {
  const run = async (count: number) => {
    for (let index = 0; index < count; index += 1) await server.authenticate(request as never)
  }
  await run(DECISIONS / 10)
  // Time on a CPU: what else the machine does meanwhile does not count.
  const start = process.cpuUsage()
  await run(DECISIONS)
  const { user, system } = process.cpuUsage(start)
  return (user + system) / DECISIONS
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1]!
}
