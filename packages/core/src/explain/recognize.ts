/*
 * What a text is that should be an access token. Text in; its form, and what to do where it is
 * something else, out. Believes nothing of it.
 */
import { decodeBase64url } from '../kit/base64url.js'
import { parseObject } from '../kit/json.js'
import { ID_TOKEN_CLAIMS, mediaType } from '../rules/token-kind.js'

/** What a text may be. */
export type TextForm = keyof typeof FORMS

/** What a text is by its form alone: no signature was checked. */
export interface Recognized {
  readonly form: TextForm
  /** The form in words. */
  readonly says: string
  /** What to send instead, where it is no access token. */
  readonly cure?: string
}

type Json = Readonly<Record<string, unknown>>

/** A text, and what it holds where it is a JWT. */
interface Seen {
  readonly text: string
  readonly header: Json | undefined
  readonly claims: Json | undefined
}

interface Form {
  readonly says: string
  readonly cure?: string
  readonly fits: (seen: Seen) => boolean
}

const SEND_ACCESS_TOKEN = 'send "access_token" of the token endpoint\'s answer instead'
const PRESENT_IT =
  'present it to the Verifier at the token endpoint, and send the access token that it returns'
/** Longer texts are no token of any kind. */
const MAX_LENGTH = 1_048_576

/** The forms, in the order in which they are tried. */
const FORMS = {
  nothing: {
    says: 'an empty text',
    cure: 'read the file or the variable that should hold the token',
    fits: ({ text }) => text.trim() === '',
  },
  'private key': {
    says: 'a private key',
    cure: 'keep it secret: a key signs token requests, and is never sent',
    fits: ({ text }) => /PRIVATE KEY-----/.test(text) || hasMember(text, 'd'),
  },
  certificate: {
    says: 'a certificate or a public key in PEM',
    cure: SEND_ACCESS_TOKEN,
    fits: ({ text }) => text.includes('-----BEGIN '),
  },
  'token response': {
    says: 'the whole answer of a token endpoint',
    cure: SEND_ACCESS_TOKEN,
    fits: ({ text }) => hasMember(text, 'access_token'),
  },
  json: {
    says: 'a JSON document',
    cure: SEND_ACCESS_TOKEN,
    fits: ({ text }) => text.trimStart().startsWith('{'),
  },
  'with scheme': {
    says: 'the value of an Authorization field',
    cure: 'take the scheme "Bearer" away',
    fits: ({ text }) => /^\s*(?:bearer|dpop)\s/i.test(text),
  },
  'encrypted token': {
    says: 'an encrypted token (JWE, RFC 7516)',
    cure: 'have the Verifier issue signed tokens: an encrypted one can be read by its recipient only',
    fits: ({ text }) => text.split('.').length === 5,
  },
  'sd-jwt': {
    says: 'a credential with selective disclosure (SD-JWT)',
    cure: PRESENT_IT,
    fits: ({ text }) => /^[\w-]+\.[\w-]+\.[\w-]+~/.test(text),
  },
  presentation: {
    says: 'a verifiable presentation',
    cure: PRESENT_IT,
    fits: ({ header, claims }) => typ(header) === 'vp+jwt' || claims?.['vp'] !== undefined,
  },
  'client assertion': {
    says: 'a client assertion (RFC 7523)',
    cure: PRESENT_IT,
    fits: ({ header, claims }) =>
      typ(header) === 'client-authentication+jwt' ||
      claims?.['vp_token'] !== undefined ||
      (typeof claims?.['iss'] === 'string' && claims['iss'] === claims['sub']),
  },
  credential: {
    says: 'a verifiable credential',
    cure: PRESENT_IT,
    fits: ({ header, claims }) =>
      /^(?:vc|dc)\+/.test(typ(header)) || isCredentialAlone(claims) || isCredentialOfDid(claims),
  },
  proof: {
    says: 'a DPoP proof (RFC 9449)',
    cure: 'send it in the header field "DPoP", and the access token in "Authorization"',
    fits: ({ header }) => typ(header) === 'dpop+jwt',
  },
  'logout token': {
    says: 'a logout token',
    cure: SEND_ACCESS_TOKEN,
    fits: ({ header, claims }) => typ(header) === 'logout+jwt' || claims?.['events'] !== undefined,
  },
  id_token: {
    says: 'an id_token, by the claims that only id_tokens have',
    cure: SEND_ACCESS_TOKEN,
    fits: ({ header, claims }) => typ(header) !== 'at+jwt' && isIdToken(claims),
  },
  jwt: {
    says: 'a signed JWT',
    fits: ({ header, claims }) => header !== undefined && claims !== undefined,
  },
  'broken jwt': {
    says: 'a JWT that is damaged',
    cure: 'send the access token as the token endpoint returned it, unchanged and whole',
    fits: ({ text }) => text.includes('.') || text.startsWith('eyJ'),
  },
  'opaque token': {
    says: 'an opaque token, or no token at all',
    cure: 'have the Verifier issue JWT access tokens (RFC 9068): only the server that issued an opaque token can read it',
    fits: () => true,
  },
} as const satisfies Record<string, Form>

/**
 * Tells what a text is that should be an access token: an id_token, a credential, an opaque token …
 *
 * Goes by the form alone: it checks no signature and no claim. Use it for messages, never for a
 * decision.
 *
 * @param text whatever was found in the place of an access token
 * @returns the form, in words, and what to send instead
 * @example
 * ```ts
 * import { recognize } from '@verifier-guard/core/explain'
 *
 * console.log(recognize('-----BEGIN PRIVATE KEY-----').says) // a private key
 * ```
 */
export function recognize(text: string): Recognized {
  const seen = look(typeof text === 'string' ? text.slice(0, MAX_LENGTH) : '')
  const [form, { says, cure }] = Object.entries<Form>(FORMS).find(([, { fits }]) => fits(seen))!
  return { form: form as TextForm, says, ...(cure !== undefined && { cure }) }
}

function look(text: string): Seen {
  const [header, claims, ...others] = text.trim().split('.')
  return {
    text,
    header: decoded(header),
    claims: others.length === 1 ? decoded(claims) : undefined,
  }
}

function decoded(part: string | undefined): Json | undefined {
  const bytes = decodeBase64url(part?.split('~', 1)[0] ?? '')
  if (bytes === undefined) return undefined
  const value = parseObject(new TextDecoder().decode(bytes))
  return typeof value === 'string' ? undefined : value
}

function hasMember(text: string, name: string): boolean {
  if (!text.trimStart().startsWith('{')) return false
  const value = parseObject(text)
  return typeof value !== 'string' && Object.hasOwn(value, name)
}

function typ(header: Json | undefined): string {
  const value = header?.['typ']
  return typeof value === 'string' ? mediaType(value) : ''
}

function isCredentialAlone(claims: Json | undefined): boolean {
  return claims?.['credentialSubject'] !== undefined && claims['aud'] === undefined
}

/** A credential is issued by an organisation; an access token by a Verifier at an address. */
function isCredentialOfDid(claims: Json | undefined): boolean {
  const issuer = claims?.['iss']
  return claims?.['vc'] !== undefined && typeof issuer === 'string' && issuer.startsWith('did:')
}

function isIdToken(claims: Json | undefined): boolean {
  return claims !== undefined && ID_TOKEN_CLAIMS.some((name) => Object.hasOwn(claims, name))
}
