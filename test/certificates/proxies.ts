import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { root } from '../packages.js'
import { CA, type Identity } from './clients.js'

const PAGE = readFileSync(join(root, 'packages/core/docs/proof-of-possession.md'), 'utf8')

/** Where a proxy listens, where its API is, and where its files are. */
interface Place {
  readonly port: number
  readonly api: number
  readonly folder: string
}

/** How a proxy is started from the snippet that the documents show. */
interface Proxy {
  readonly configure: (snippet: string, place: Place) => string
  readonly args: (config: string) => readonly string[]
}

const PROXIES: Readonly<Record<string, Proxy>> = {
  nginx: {
    configure: (snippet, { port, folder }) => {
      const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      const paths = folders.map((name) => `${name}_temp_path ${folder};`).join('\n')
      const listening = snippet.replace('listen 443', `listen 127.0.0.1:${port}`)
      return `daemon off;\nmaster_process off;\npid ${folder}/pid;\nerror_log ${folder}/log;\nevents {}\nhttp {\naccess_log off;\nssl_protocols TLSv1.2 TLSv1.3;\n${paths}\n${listening}}\n`
    },
    args: (config) => ['-e', '/dev/null', '-c', config],
  },
  caddy: {
    configure: (snippet, { port }) =>
      `{\nadmin off\nauto_https off\nservers {\nprotocols h1\n}\n}\n${snippet.replace('api.example.org {', `localhost:${port} {\nbind 127.0.0.1`)}`,
    args: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
  },
  haproxy: {
    configure: (snippet, { port }) =>
      `defaults\n  timeout connect 60s\n  timeout client 60s\n  timeout server 60s\n${snippet.replace('bind :443', `bind 127.0.0.1:${port}`)}`,
    args: (config) => ['-db', '-f', config],
  },
}

/** A proxy that runs. */
export interface Running {
  readonly port: number
  close(): Promise<void>
}

/**
 * Starts a proxy before an API on loopback, by the snippet that the documents show of it.
 *
 * @param program where the proxy is
 * @param api the port of the API
 * @param change made to the snippet
 */
export async function startProxy(
  name: string,
  program: string,
  api: number,
  identity: Identity,
  change: (snippet: string) => string = (snippet) => snippet,
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'))
  const place: Place = { port: await freePort(), api, folder }
  const { configure, args } = PROXIES[name]!
  writeFileSync(join(folder, 'api.pem'), identity.cert)
  writeFileSync(join(folder, 'api.key'), identity.key)
  writeFileSync(join(folder, 'api-and-key.pem'), identity.cert + identity.key)
  writeFileSync(join(folder, 'clients-ca.pem'), CA)
  const config = join(folder, 'config')
  writeFileSync(config, configure(change(placed(snippetOf(name), place)), place))
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const running = spawn(program, args(config), { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: unknown[] = []
  for (const stream of [running.stdout, running.stderr])
    stream.on('data', (text: unknown) => void said.push(text))
  const ended = once(running, 'exit')
  while (!(await answers(place.port))) {
    if (running.exitCode !== null) throw new Error(`${name} ended: ${said.join('')}`)
    await setTimeout(20)
  }
  return {
    port: place.port,
    async close() {
      running.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

/** What the documents say of a proxy. */
export function sectionOf(name: string): string {
  return PAGE.split(/^### /m).find((section) => section.includes(`\`\`\`${name}`)) ?? ''
}

/** The block of the page in the language of this name. */
function snippetOf(language: string): string {
  const block = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm')
  const [, snippet] = block.exec(sectionOf(language)) ?? []
  if (snippet === undefined) throw new Error(`expected a snippet of ${language}, found none`)
  return snippet
}

function placed(snippet: string, { api, folder }: Place): string {
  return snippet.replaceAll('/etc/ssl/', `${folder}/`).replaceAll(':3000', `:${api}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
