import { certifyPeer } from './certificate.js'
import { refuseOtherHosts } from './host-check.js'
import { generateKeyPair, privateKeyForms } from './keys.js'
import { listen, type Listener } from './listen.js'
import { refuseOpenAddress, resolveOptions, type ListenOptions } from './options.js'
import type { Server } from './server.js'
import { assemble, type DevVerifier } from './verifier.js'

/**
 * Starts a development Verifier on a loopback port. It answers for loopback hosts and the host of
 * its issuer alone.
 *
 * Its tokens prove nothing: anyone who can reach it can have one signed. Never trust its issuer
 * where real data is.
 *
 * @param options See {@link ListenOptions}. Every option has a default.
 * @returns The Verifier, once it listens.
 * @throws Error with NODE_ENV=production or an address that others can reach, unless forced; when
 *   an option is wrong; when the port is in use.
 * @example
 * ```ts
 * import { startDevVerifier } from '@verifier-guard/dev-verifier'
 *
 * const verifier = await startDevVerifier({ profile: 'eudistack-3.3' })
 * const machine = verifier.issueMachineCredential({
 *   powers: [{ function: 'ProductOffering', action: 'Create' }],
 * })
 * console.log(verifier.issuer, machine.credential)
 * await verifier.close()
 * ```
 */
export function startDevVerifier(options: ListenOptions = {}): Promise<DevVerifier> {
  return startBehind(() => undefined, options)
}

/** Answers a request ahead of the Verifier, or leaves it to the Verifier. */
export type Ahead = (verifier: DevVerifier, request: Request) => Promise<Response> | undefined

/** Starts a development Verifier with answers of the caller's ahead of its own. */
export async function startBehind(ahead: Ahead, options: ListenOptions): Promise<DevVerifier> {
  const { port, host, https, runtime } = resolveOptions(options)
  refuseOpenAddress(host, options.force)
  let handle = (_: Request): Response | Promise<Response> => new Response(null, { status: 503 })
  const listener = await listen((request) => handle(request), { port, host, https })
  const { server, verifier, handle: answer } = await assembleOrClose(listener, options)
  if (https) listener.certify(identityOf(server, new URL(verifier.issuer).hostname, runtime.now()))
  handle = (request) =>
    refuseOtherHosts(server, request) ?? ahead(verifier, request) ?? answer(request)
  const close = async (): Promise<void> => {
    await verifier.close()
    await listener.close()
  }
  return { ...verifier, close }
}

/** What cannot be started must not go on listening: it would keep the process alive. */
async function assembleOrClose(listener: Listener, options: ListenOptions) {
  const { host, https, profile } = resolveOptions(options)
  const origin = `${https ? 'https' : 'http'}://${authorityOf(host)}:${listener.port}`
  const issuer = options.issuer ?? origin + profile.basePath
  try {
    return assemble({ ...options, issuer })
  } catch (error) {
    await listener.close()
    throw error
  }
}

/** A fresh key, certified for the host of the issuer. */
function identityOf({ credentialIssuer: { authority } }: Server, hostname: string, now: number) {
  const pair = generateKeyPair()
  const host = hostname.replace(/^\[|\]$/g, '')
  const certificate = certifyPeer(authority, pair, 'Development Verifier', { now, host })
  return { key: privateKeyForms(pair).pkcs8, cert: certificate.toString() }
}

/** A Verifier that listens on every address is reached by the loopback one on this machine. */
function authorityOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
