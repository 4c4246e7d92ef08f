import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { auth, requiredPower } from '@verifier-guard/express'
import { watchDecisions, WATCH_PATH } from '@verifier-guard/core/explain'
import express from 'express'
import { chromium, type Browser } from 'playwright-core'
import { run } from '../src/program.js'
import { systemRuntime } from '../src/runtime.js'

/** Starts Debian's Chromium. Names that are mapped resolve to this machine. */
export function startBrowser(mapped: readonly string[] = []): Promise<Browser> {
  const rules = mapped.map((name) => `MAP ${name} 127.0.0.1`).join(',')
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      // Chromium's own sandbox does not run as root, as in a container.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--host-resolver-rules=${rules}`,
    ],
  })
}

/** The console of `verifier-guard dev`, as its user starts it. */
export interface RunningConsole {
  readonly consoleUrl: string
  readonly issuer: string
  /** Ends the command. @returns its exit code */
  end(): Promise<number>
}

/** Runs `verifier-guard dev` until it is ended. */
export async function startDev(flags: string): Promise<RunningConsole> {
  let interrupt = (): void => {}
  const interrupted = new Promise<void>((resolve) => (interrupt = resolve))
  const printed = new Promise<string>((resolve, reject) => {
    void run(['dev', '--json', '--port', '0', ...flags.split(' ').filter(Boolean)], {
      ...systemRuntime(16_384),
      out: resolve,
      err: () => {},
      interrupted: () => interrupted,
    }).then((exit) => {
      ended(exit)
      reject(new Error(`ended with ${exit}`))
    })
  })
  let ended = (_: number): void => {}
  const exit = new Promise<number>((resolve) => (ended = resolve))
  const { console: consoleUrl, issuer } = JSON.parse(await printed) as Record<string, string>
  return {
    consoleUrl: consoleUrl!,
    issuer: issuer!,
    end() {
      interrupt()
      return exit
    },
  }
}

/** An API of the first hour, which lets the console watch it. */
export interface Api {
  readonly origin: string
  /** Protects the routes by tokens of a Verifier. */
  protect(issuer: string): void
  close(): Promise<void>
}

/** Starts an API on loopback: reading and deleting offers, each asking for a power. */
export async function startApi(): Promise<Api> {
  const app = express()
  app.get(WATCH_PATH, watchDecisions())
  const server = createServer(app)
  const origin = await listen(server)
  return {
    origin,
    protect(issuer) {
      const power = (action: string) =>
        requiredPower({ domain: 'DOME', function: 'ProductOffering', action })
      app.use('/offers', auth({ issuer, profile: 'eudistack', events: { denied: () => {} } }))
      app.post('/offers', power('Create'), (_, response) => void response.json({ created: true }))
      app.delete('/offers', power('Delete'), (_, response) => void response.json({ deleted: true }))
    },
    close: () => stop(server),
  }
}

/** Starts an API on loopback that takes bound tokens alone. */
export async function startBoundApi(): Promise<Api> {
  const app = express()
  const server = createServer(app)
  const origin = await listen(server)
  return {
    origin,
    protect(issuer) {
      const bound = { resource: origin, dpop: { mode: 'required' } } as const
      const events = { denied: () => {} }
      app.use(auth({ issuer, audience: origin, profile: 'rfc9068', events, ...bound }))
      app.get('/orders', (_, response) => void response.json(['chairs']))
    },
    close: () => stop(server),
  }
}

/** Has a server listen on loopback. @returns its origin */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Ends a server with its connections. */
export function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
