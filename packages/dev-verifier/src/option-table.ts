import { X509Certificate } from 'node:crypto'
import {
  anything,
  callable,
  finite,
  flag,
  listOf,
  members,
  oneOf,
  portNumber,
  text,
  unexpected,
  type Check,
} from './checks.js'
import { EVENT_NAMES } from './events.js'
import { keyOfJwk, type Jwk } from './keys.js'
import type { ListenOptions } from './options.js'
import { profiles } from './profiles.js'
import { readUrl } from './url.js'

/** What one option may be, and how it is documented. */
export interface OptionRow {
  readonly check: Check
  /** The default, where it is one value. */
  readonly default?: string | number | boolean
  /** The default in words, where it depends on something. */
  readonly defaultIs?: string
  /** What it means, in one sentence, for the README and the command's help. */
  readonly says: string
  /** How the command takes it. */
  readonly flag?: FlagKind
}

/** What a flag of the command holds: `file` a text or the file that holds it, `ids` a list. */
export type FlagKind = 'text' | 'number' | 'switch' | 'file' | 'ids'

const PROFILES = Object.keys(profiles)

/**
 * Every option of a development Verifier: its check, its default, and what the README says of it.
 */
export const OPTIONS = {
  profile: {
    check: oneOf(PROFILES),
    default: 'eudistack-3.3',
    says: `The generation of Verifiers to behave like: ${PROFILES.map((name) => `\`${name}\``).join(', ')}.`,
    flag: 'text',
  },
  port: {
    check: portNumber,
    default: 0,
    says: 'The port to listen on. 0 takes any free one.',
    flag: 'number',
  },
  host: {
    check: text,
    default: '127.0.0.1',
    says: 'The address to listen on. Others than loopback need `force`.',
    flag: 'text',
  },
  https: {
    check: flag,
    default: false,
    says: 'Listens with TLS under a certificate made at start, and asks clients for theirs.',
    flag: 'switch',
  },
  issuer: {
    check: issuerUrl,
    defaultIs: 'where it listens',
    says: 'The issuer, exactly as tokens carry it.',
    flag: 'text',
  },
  issuerFromRequest: {
    check: flag,
    default: false,
    says: "Takes `iss` from each request's host, one for each tenant.",
    flag: 'switch',
  },
  tenant: {
    check: text,
    defaultIs: 'none',
    says: 'The tenant of requests that name none. Without it, powers of all tenants count.',
    flag: 'text',
  },
  clients: {
    check: listOf(
      {
        clientId: text,
        did: text,
        tenant: text,
        secret: text,
        jwk: publicKeyJwk,
        certificate: certificatePem,
      },
      ['clientId'],
    ),
    defaultIs: 'every did:key',
    says: 'Registered clients: `{ clientId, did?, tenant? }`; for `oauth` also `secret?`, `jwk?`, `certificate?`.',
  },
  trustedIssuers: {
    check: listOf({ id: text, jwk: anything }, ['id']),
    defaultIs: 'its own Issuer',
    says: 'Further organisations on the list of trusted issuers: `{ id, jwk? }`, and by id on the command line.',
    flag: 'ids',
  },
  key: {
    check: anything,
    defaultIs: 'a fresh key',
    says: 'The signing key: a P-256 key as hex, JWK, PKCS#8 PEM or `KeyObject`.',
    flag: 'file',
  },
  certificate: {
    check: text,
    defaultIs: 'none',
    says: 'The certificate of `key` in PEM, published as `x5c` and sent in each token.',
    flag: 'file',
  },
  kid: {
    check: oneOf(['did:key', 'thumbprint']),
    defaultIs: 'by profile',
    says: 'How the signing key is named: `did:key` or `thumbprint`.',
    flag: 'text',
  },
  lifetime: {
    check: finite,
    defaultIs: 'by profile',
    says: 'Life of an access token, in seconds.',
    flag: 'number',
  },
  service: {
    check: text,
    default: 'my-service',
    says: '`aud` of tokens of the profiles `fiware` and `oauth` whose request names no API.',
    flag: 'text',
  },
  bareErrors: {
    check: flag,
    defaultIs: 'by profile',
    says: 'Answers failures of the grant with 403 without a body, as Verifiers before 3.2.1.',
    flag: 'switch',
  },
  demandNonces: {
    check: flag,
    default: false,
    says: "Refuses proofs without the server's nonce. For the profile `oauth` alone.",
    flag: 'switch',
  },
  mimicLaxity: {
    check: flag,
    default: false,
    says: "Accepts what older Verifiers accept beyond the protocol's text.",
    flag: 'switch',
  },
  rateLimit: {
    check: limits,
    default: false,
    says: 'Limits the requests a minute of each address in `X-Forwarded-For`, and of all others together: `true` for the real limits (30 for tokens, 120 others), or `{ token, others }`.',
    flag: 'switch',
  },
  events: {
    check: members(Object.fromEntries(EVENT_NAMES.map((name) => [name, callable]))),
    defaultIs: 'none',
    says: 'Functions to call for events, by the name of the event.',
  },
  runtime: {
    check: members({
      now: callable,
      uuid: callable,
      schedule: callable,
      environment: anything,
      warn: callable,
    }),
    defaultIs: "the system's",
    says: 'Clock, timers, identifiers and warnings.',
  },
  force: {
    check: flag,
    default: false,
    says: 'Starts where others can reach it, or with `NODE_ENV=production`.',
    flag: 'switch',
  },
} as const satisfies Record<keyof ListenOptions, OptionRow>

function issuerUrl(name: string, value: unknown): void {
  const isRight =
    typeof value === 'string' &&
    readUrl(value) !== undefined &&
    /^https?:\/\/[^?#]*[^/?#]$/.test(value)
  if (isRight) return
  throw unexpected(`${name} to be an http(s) URL without query, fragment or trailing slash`, value)
}

function limits(name: string, value: unknown): void {
  if (typeof value === 'boolean') return
  const { token, others } = Object(value) as Record<string, unknown>
  if (Number.isFinite(token) && Number.isFinite(others)) return
  throw unexpected(`${name} to be true, or the numbers token and others`, value)
}

function publicKeyJwk(name: string, value: unknown): void {
  if (!isReadable(() => keyOfJwk(value as Jwk))) throw unexpected(`${name} to be a JWK`, value)
}

function certificatePem(name: string, value: unknown): void {
  if (isReadable(() => new X509Certificate(value as string))) return
  throw unexpected(`${name} to be a certificate in PEM`, Object(value))
}

function isReadable(read: () => unknown): boolean {
  try {
    return read() !== undefined
  } catch {
    return false
  }
}
