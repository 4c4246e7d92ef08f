/*
 * Everything that the command takes from the world around it: the one seam for tests.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect, type DetailedPeerCertificate } from 'node:tls'

/** How a TLS connection came about. */
export interface TlsState {
  /** OpenSSL's code of what is wrong with the chain; `undefined` for a good one. */
  readonly problem: string | undefined
  /** The name and the end of each certificate, from the server's on. */
  readonly chain: readonly { readonly subject: string; readonly validTo: number }[]
}

/** The world around the command. */
export interface CliRuntime {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether colours can be shown, and a user be asked. */
  readonly isTerminal: boolean
  /** The wall clock, in milliseconds since 1970. */
  readonly now: () => number
  readonly fetch: typeof fetch
  /** What the command is asked for, and nothing else. */
  readonly out: (text: string) => void
  /** What a user should know besides. */
  readonly err: (text: string) => void
  readonly readStdin: () => Promise<string>
  readonly readFile: (path: string) => string
  /** Writes a file that its owner alone can read. Never overwrites. */
  readonly writeSecret: (path: string, text: string) => void
  /** Opens a TLS connection to see its certificates, good or bad. Sends nothing. */
  readonly tls: (host: string, port: number) => Promise<TlsState>
  /** Resolves when the user ends the command. */
  readonly interrupted: () => Promise<void>
  /** The version of Node, as `22.21.0`. */
  readonly nodeVersion: string
  /** Bytes of header fields that Node takes. */
  readonly maxHeaderSize: number
}

const TLS_TIMEOUT = 5_000

/** The process, its files and its network. */
export function systemRuntime(maxHeaderSize: number): CliRuntime {
  return {
    env: process.env,
    nodeVersion: process.versions.node,
    isTerminal: process.stdout.isTTY === true,
    now: () => Date.now(),
    fetch: (input, init) => globalThis.fetch(input, init),
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    readStdin: () => text(process.stdin),
    readFile: (path) => readFileSync(path, 'utf8'),
    writeSecret(path, content) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content, { mode: 0o600, flag: 'wx' })
    },
    tls: inspectTls,
    interrupted: () =>
      new Promise((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
      }),
    maxHeaderSize,
  }
}

function inspectTls(host: string, port: number): Promise<TlsState> {
  return new Promise((resolve, reject) => {
    // The chain is looked at and nothing is sent: a bad one must show instead of failing.
    const name = isIP(host) === 0 ? { servername: host } : {}
    const socket = connect({ host, port, ...name, rejectUnauthorized: false })
    socket.setTimeout(TLS_TIMEOUT, () => socket.destroy(new Error('no answer within 5 s')))
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      const { authorizationError } = socket
      const chain = chainOf(socket.getPeerCertificate(true))
      socket.destroy()
      resolve({ problem: authorizationError ? String(authorizationError) : undefined, chain })
    })
  })
}

function chainOf(first: DetailedPeerCertificate): TlsState['chain'] {
  const chain: { subject: string; validTo: number }[] = []
  const seen = new Set<DetailedPeerCertificate>()
  for (let one = first; one?.subject && !seen.has(one); one = one.issuerCertificate) {
    seen.add(one)
    chain.push({ subject: String(one.subject.CN ?? 'unnamed'), validTo: Date.parse(one.valid_to) })
  }
  return chain
}
