import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A port of loopback that is free at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The value of a series at the moment. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** A Prometheus server of its own. */
export interface Prometheus {
  /** @throws Error with what Prometheus says of a wrong expression */
  query(expression: string): Promise<readonly Sample[]>
  /** The alert rules as it loaded them, by name. */
  rules(): Promise<readonly { readonly name: string; readonly health: string }[]>
  stop(): Promise<void>
}

/** The metrics whose names OpenTelemetry's collector ends with their unit. */
const WITH_UNITS = [
  ['(verifier_guard_.*_(?:duration|expires_in|age|max_age|max_stale))', 'seconds'],
  ['(verifier_guard_.*_duration)_(bucket|count|sum)', 'seconds'],
  ['(verifier_guard_token_cache_size)', 'bytes'],
] as const

/** Renames what was scraped as the collector would have. */
const asByCollector = WITH_UNITS.map(([regex, unit]) => ({
  source_labels: ['__name__'],
  regex,
  target_label: '__name__',
  replacement: regex.includes('bucket') ? `\${1}_${unit}_\${2}` : `\${1}_${unit}`,
}))

/**
 * Starts a Prometheus that scrapes one target twice a second: as the job `exporter` under the names
 * of the SDK's exporter, and as `collector` under those of the collector.
 */
export async function startPrometheus(target: string, ruleFile: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'))
  const config = join(folder, 'prometheus.yml')
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
      rule_files: [ruleFile],
      scrape_configs: [
        { job_name: 'exporter', static_configs: [{ targets: [target] }] },
        {
          job_name: 'collector',
          static_configs: [{ targets: [target] }],
          metric_relabel_configs: asByCollector,
        },
      ],
    }),
  )
  const address = `127.0.0.1:${await freePort()}`
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  )
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const get = async (path: string) => {
    const response = await fetch(`http://${address}/api/v1/${path}`)
    const answer = (await response.json()) as { error?: string; data: unknown }
    if (answer.error !== undefined) throw new Error(`${path}: ${answer.error}`)
    return answer.data
  }
  await untilReady(`http://${address}/-/ready`)
  return {
    async query(expression) {
      const { result } = (await get(`query?query=${encodeURIComponent(expression)}`)) as {
        result: readonly { metric: Sample['metric']; value: readonly [number, string] }[]
      }
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
    },
    async rules() {
      const { groups } = (await get('rules')) as {
        groups: readonly { rules: readonly { name: string; health: string }[] }[]
      }
      return groups.flatMap(({ rules }) => rules)
    },
    async stop() {
      child.kill()
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

async function untilReady(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(url).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok === true) return
    await pause(100)
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
