import { gzipSync } from 'node:zlib'
import type { Json } from './jwt.js'

/** The forms a status entry and its list can have. */
export type StatusForm = 'bitstring' | 'token'

/** Minimum length of a Bitstring Status List (W3C Bitstring Status List §3.1): 131 072 entries. */
const BITS = 131_072

/** Which credentials were given an index in the list, and which of those are revoked. */
export interface StatusRegister {
  next: number
  readonly revoked: Set<number>
}

/** An empty register. */
export function createStatusRegister(): StatusRegister {
  return { next: 0, revoked: new Set() }
}

/** Where each form of the list is served, below the Verifier's base. */
export const STATUS_PATHS: Record<StatusForm, string> = {
  bitstring: '/w3c/v1/credentials/status/1',
  token: '/token/v1/credentials/status/1',
}

/** The status entry a credential carries. */
export const statusEntry: Record<StatusForm, (uri: string, index: number) => Json> = {
  bitstring: (uri, index) => ({
    id: `${uri}#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: String(index),
    statusListCredential: uri,
  }),
  token: (uri, index) => ({ status_list: { uri, idx: index } }),
}

/**
 * The compressed list: most significant bit first, and gzip in both forms, as EUDIStack Issuers
 * write them.
 */
function compressed({ next, revoked }: StatusRegister): string {
  const bytes = Buffer.alloc(Math.ceil(Math.max(BITS, next) / 8))
  for (const index of revoked) {
    const byte = index >> 3
    bytes.writeUInt8(bytes.readUInt8(byte) | (0x80 >> (index & 7)), byte)
  }
  return gzipSync(bytes).toString('base64url')
}

/** Facts about a list beside its bits. */
export interface StatusListFacts {
  readonly uri: string
  readonly issuer: string
  readonly issuedAt: number
}

const YEAR = 365 * 24 * 3_600

/** Header and claims of the signed list, and the media type under which it is served. */
export const statusLists: Record<
  StatusForm,
  {
    typ: string
    contentType: string
    claims: (register: StatusRegister, facts: StatusListFacts) => Json
  }
> = {
  bitstring: {
    typ: 'vc+jwt',
    contentType: 'application/vc+jwt',
    claims: (register, { uri, issuer }) => ({
      '@context': ['https://www.w3.org/ns/credentials/v2'],
      id: uri,
      type: ['VerifiableCredential', 'BitstringStatusListCredential'],
      issuer,
      credentialSubject: {
        id: `${uri}#list`,
        type: 'BitstringStatusList',
        statusPurpose: 'revocation',
        encodedList: `u${compressed(register)}`,
      },
    }),
  },
  token: {
    typ: 'statuslist+jwt',
    contentType: 'application/statuslist+jwt',
    claims: (register, { uri, issuer, issuedAt }) => ({
      sub: uri,
      iss: issuer,
      iat: issuedAt,
      exp: issuedAt + YEAR,
      status_list: { bits: 1, lst: compressed(register) },
    }),
  },
}
