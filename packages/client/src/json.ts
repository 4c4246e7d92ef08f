import { base64urlnopad } from '@scure/base'
import { attempt } from './attempt.js'

/** A JSON object whose members are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value is an object with members, and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object a text holds, or `undefined` if it holds anything else. */
export function parseObject(text: string): JsonObject | undefined {
  const value = attempt(() => JSON.parse(text) as unknown)
  return isObject(value) ? value : undefined
}

/** The header of a compact JWT, read and not verified; `undefined` if it is none. */
export function readHeader(jwt: string): JsonObject | undefined {
  return readPart(jwt, 0)
}

/** The claims of a compact JWT, read and not verified; `undefined` if it is none. */
export function readClaims(jwt: string): JsonObject | undefined {
  return readPart(jwt, 1)
}

function readPart(jwt: string, at: 0 | 1): JsonObject | undefined {
  const { length, [at]: part = '' } = jwt.split('.')
  if (length !== 3) return undefined
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const text = attempt(() => decoder.decode(base64urlnopad.decode(part)))
  return text === undefined ? undefined : parseObject(text)
}

/** The first string among the values, blank ones left aside. */
export function firstString(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value.trim() !== '')
}
