/*
 * Public keys in the forms in which applications have them. Keys in, a JWK Set out, or what was
 * found instead (RFC 7517 §5, RFC 7468).
 */
import { quote } from '../kit/display.js'
import { isObject } from '../kit/members.js'
import { nodeCrypto } from '../kit/node.js'
import type { Jwk, JwkSet } from './key.js'

/** A key object of `node:crypto`. */
export interface NodeKey {
  readonly type: 'public' | 'private' | 'secret'
  export(options: { format: 'jwk' }): object
}

/**
 * One public key: a JWK, a `KeyObject` of `node:crypto`, or PEM with a public key or a certificate.
 * Of a certificate only the key counts, not its validity or its issuer. PEM is read on Node only.
 */
export type PublicKey = Jwk | NodeKey | string

/** Public keys: a JWK Set, one key, or a list of keys. */
export type PublicKeys = JwkSet | PublicKey | readonly PublicKey[]

/** What was found in the place of public keys, in words. */
export interface NoKeys {
  readonly found: string
  readonly hint: string
}

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----[^]+?-----END \1-----/g

/** Reads public keys in any of their forms. Does not check what the keys can be used for. */
export function readPublicKeys(keys: unknown): JwkSet | NoKeys {
  if (isObject(keys) && Array.isArray(keys['keys'])) return keys as unknown as JwkSet
  if (isObject(keys) && keys['kty'] === undefined && !isNodeKey(keys)) return otherObject(keys)
  const all = [keys].flat().map(readKey)
  const problem = all.find((one) => !Array.isArray(one))
  if (problem !== undefined) return problem as NoKeys
  return { keys: (all as (readonly Jwk[])[]).flat() }
}

/** @returns the keys of one member of a list: a PEM text may hold several */
function readKey(key: unknown): readonly Jwk[] | NoKeys {
  if (typeof key === 'string') return readPem(key)
  if (isNodeKey(key)) return readNodeKey(key)
  if (isObject(key)) return [key]
  return { found: quote(key), hint: 'leave "keys" out for those that the Verifier publishes' }
}

function readPem(text: string): readonly Jwk[] | NoKeys {
  const blocks = [...text.matchAll(PEM)]
  if (blocks.length === 0)
    return { found: 'a text that is no PEM', hint: 'PEM begins with "-----BEGIN PUBLIC KEY-----"' }
  if (blocks.some(([, label]) => label!.endsWith('PRIVATE KEY'))) return PRIVATE
  if (nodeCrypto === undefined)
    return { found: 'PEM, which is read on Node only', hint: 'state the key as a JWK' }
  try {
    return blocks.map(([block, label]) => pemKey(block, label!).export({ format: 'jwk' }) as Jwk)
  } catch {
    return {
      found: 'PEM without a readable key',
      hint: 'it must hold a public key or a certificate, line breaks included',
    }
  }
}

function pemKey(block: string, label: string) {
  const { createPublicKey, X509Certificate } = nodeCrypto!
  return label.endsWith('CERTIFICATE')
    ? new X509Certificate(block).publicKey
    : createPublicKey(block)
}

function readNodeKey(key: NodeKey): readonly Jwk[] | NoKeys {
  if (key.type !== 'public') return PRIVATE
  try {
    return [key.export({ format: 'jwk' }) as Jwk]
  } catch {
    return { found: 'a key of a type that has no JWK', hint: 'use an EC, RSA or Ed25519 key' }
  }
}

const PRIVATE: NoKeys = {
  found: 'a private or secret key',
  hint: 'state its public half: whoever has this key can sign tokens',
}

function isNodeKey(value: unknown): value is NodeKey {
  const { type, export: exports } = Object(value) as { type?: unknown; export?: unknown }
  return typeof type === 'string' && typeof exports === 'function'
}

/** What people put in the place of a key set. */
function otherObject(document: Readonly<Record<string, unknown>>): NoKeys {
  return document['jwks_uri'] === undefined
    ? { found: 'an object without "keys"', hint: 'a JWK Set is { keys: [...] }' }
    : {
        found: 'metadata',
        hint: 'leave "keys" out, or state the address in its "jwks_uri" as "jwksUri"',
      }
}
