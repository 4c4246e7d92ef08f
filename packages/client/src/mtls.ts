import { builtinModule } from '@verifier-guard/core/support'
import { attempt } from './attempt.js'
import { invalidOptionError } from './errors.js'
import { clientRuntime } from './runtime.js'

/**
 * A client certificate and its key, as TLS takes them
 * ([RFC 8705](https://www.rfc-editor.org/rfc/rfc8705)).
 */
export interface MtlsOptions {
  /** The certificate in PEM, with those above it that the server does not have. */
  readonly cert: string | Uint8Array
  /** The private key in PEM. */
  readonly key: string | Uint8Array
  /** Authorities to trust in place of those of Node.js, in PEM. Default: those of Node.js. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[]
}

/** The connections of one source, on which it shows its certificate. */
export interface CertifiedConnections {
  readonly certificate: MtlsOptions
  /** The undici dispatcher of these connections. */
  readonly agent: () => Promise<Agent>
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>
  readonly close: () => void
}

/** That of undici, whose types an application without it does not have. */
interface Agent {
  readonly close: () => Promise<void>
}

type Fetch = CertifiedConnections['fetch']

interface Undici {
  readonly Agent: new (options: { connect: object }) => Agent
  readonly fetch: Fetch
}

/** Not as a literal: bundlers would look for a package that most applications don't need. */
const UNDICI: string = 'undici'

/**
 * Connections with a client certificate. No other source shares them: a connection shows its
 * certificate once, for all requests on it.
 *
 * @param given the `fetch` of the runtime. One that an application put there gets the `dispatcher`
 *   as a further option.
 */
export function createCertifiedConnections(
  certificate: MtlsOptions,
  given: Fetch,
): CertifiedConnections {
  let loading: Promise<{ agent: Agent; fetch: Fetch }> | undefined
  const load = () => (loading ??= connect(certificate, given))
  return {
    certificate,
    agent: async () => (await load()).agent,
    async fetch(url, init) {
      const { agent, fetch } = await load()
      return fetch(url, { ...init, dispatcher: agent } as RequestInit)
    },
    close: () => void loading?.then(({ agent }) => agent.close()).catch(() => {}),
  }
}

async function connect(certificate: MtlsOptions, given: Fetch) {
  const { Agent, fetch } = await (import(UNDICI) as Promise<Undici>).catch(() => {
    const hint = 'npm install undici, which holds the connections that show the certificate'
    throw invalidOptionError('the package undici beside "mtls"', 'none', hint)
  })
  return {
    agent: new Agent({ connect: tlsOptions(certificate) }),
    fetch: given === clientRuntime.fetch ? fetch : given,
  }
}

/** A certificate and its key in the form of `node:tls`. */
export interface TlsOptions {
  readonly cert: string
  readonly key: string
  readonly ca?: string[]
}

/** The options of `node:tls` for a certificate. */
export function tlsOptions({ cert, key, ca }: MtlsOptions): TlsOptions {
  return {
    cert: pemText(cert),
    key: pemText(key),
    ...(ca !== undefined && { ca: [ca].flat().map((one) => pemText(one as string)) }),
  }
}

function pemText(pem: string | Uint8Array): string {
  return typeof pem === 'string' ? pem : new TextDecoder().decode(pem)
}

/**
 * Holds certificate and key against each other, so that a wrong pair does not start.
 *
 * @throws {TokenSourceError} `invalid_option`. The message quotes nothing of either.
 */
export function checkCertificate({ cert, key }: MtlsOptions): void {
  const crypto = builtinModule<typeof import('node:crypto')>('node:crypto')
  if (!crypto) throw invalidOptionError('"mtls" on Node.js', 'another runtime')
  const certificate = attempt(() => new crypto.X509Certificate(pemText(cert)))
  if (!certificate)
    throw invalidOptionError('a certificate in PEM as "mtls.cert"', 'something else')
  const privateKey = attempt(() => crypto.createPrivateKey(pemText(key)))
  const hint = 'an encrypted one has to be opened first'
  if (!privateKey)
    throw invalidOptionError('a private key in PEM as "mtls.key"', 'something else', hint)
  if (certificate.checkPrivateKey(privateKey)) return
  throw invalidOptionError('the key of "mtls.cert" as "mtls.key"', 'another one')
}
