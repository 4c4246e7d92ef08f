/* The forms of status lists: W3C Bitstring and IETF Token Status List. */
import { isObject, getOwn, text, type Json } from '../kit/members.js'

/** How one standard writes a status list. */
export interface ListForm {
  /** The type of a credential's entry that leads to such a list. */
  readonly entry: string
  /** The media type that is asked for. */
  readonly mediaType: string
  /**
   * What its `typ` may be, lower-cased and without `application/`; the empty one stands for none.
   */
  readonly types: readonly string[]
  readonly issuer: (claims: Json) => string | undefined
  /**
   * Whether the list says that it is the one at this address, so that no other of the same signer
   * stands in for it.
   */
  readonly isAt: (claims: Json, url: string) => boolean
  /** From when on the list holds: dates in any form. */
  readonly begins: (claims: Json) => readonly unknown[]
  /** When it expires: dates in any form. */
  readonly ends: (claims: Json) => readonly unknown[]
  /** How long a copy of it may be kept, and the milliseconds of its unit. */
  readonly ttl: (claims: Json) => { readonly value: unknown; readonly unit: number }
  /** The list as it is packed, and how many bits a status has. */
  readonly packed: (claims: Json) => { readonly list: unknown; readonly bits: unknown }
  /** What the list speaks of; `undefined` for whatever an entry refers to it for. */
  readonly purposes: (claims: Json) => readonly unknown[] | undefined
}

/**
 * The credential of a Bitstring Status List: the claims themselves, or within `vc` as before VCDM
 * 2.0.
 */
function credential(claims: Json): Json {
  return member(claims, 'vc') ?? claims
}
function bitstring(claims: Json): Json {
  return member(credential(claims), 'credentialSubject') ?? {}
}
function statusList(claims: Json): Json {
  return member(claims, 'status_list') ?? {}
}

/** The standards whose lists can be read. */
export const LIST_FORMS: readonly ListForm[] = [
  {
    // W3C Bitstring Status List 1.0 §2. Issuers do not agree on a `typ`, and an `id` is optional
    // there.
    entry: 'BitstringStatusListEntry',
    mediaType: 'application/vc+jwt',
    types: ['vc+jwt', 'vc+ld+jwt', 'jwt', ''],
    issuer(claims) {
      const issuer = getOwn(credential(claims), 'issuer')
      return text(isObject(issuer) ? getOwn(issuer, 'id') : issuer)
    },
    isAt: (claims, url) => (getOwn(credential(claims), 'id') ?? url) === url,
    begins: (claims) => [getOwn(claims, 'nbf'), getOwn(credential(claims), 'validFrom')],
    ends: (claims) => [
      getOwn(claims, 'exp'),
      getOwn(credential(claims), 'validUntil'),
      getOwn(credential(claims), 'expirationDate'),
    ],
    ttl: (claims) => ({ value: getOwn(bitstring(claims), 'ttl'), unit: 1 }),
    packed: (claims) => ({ list: getOwn(bitstring(claims), 'encodedList'), bits: 1 }),
    purposes: (claims) => [getOwn(bitstring(claims), 'statusPurpose')].flat(),
  },
  {
    // IETF Token Status List §5.1.
    entry: 'TokenStatusListEntry',
    mediaType: 'application/statuslist+jwt',
    types: ['statuslist+jwt'],
    issuer: (claims) => text(getOwn(claims, 'iss')),
    isAt: (claims, url) => getOwn(claims, 'sub') === url,
    begins: (claims) => [getOwn(claims, 'nbf')],
    ends: (claims) => [getOwn(claims, 'exp')],
    ttl: (claims) => ({ value: getOwn(claims, 'ttl'), unit: 1_000 }),
    packed: (claims) => ({
      list: getOwn(statusList(claims), 'lst'),
      bits: getOwn(statusList(claims), 'bits'),
    }),
    purposes: () => undefined,
  },
]

function member(object: Json, name: string): Json | undefined {
  const value = getOwn(object, name)
  return isObject(value) ? value : undefined
}
