import { base64urlnopad } from '@scure/base'

/** A JSON object whose members are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/**
 *
 */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object a text holds, or `undefined` if it holds anything else. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The claims of a compact JWT, read and not verified; `undefined` if it is none. */
export function readClaims(jwt: string): JsonObject | undefined {
  const parts = jwt.split('.')
  if (parts.length !== 3) return undefined
  try {
    return parseObject(
      new TextDecoder('utf-8', { fatal: true }).decode(base64urlnopad.decode(parts[1] ?? '')),
    )
  } catch {
    return undefined
  }
}

/** The first string among the values, blank ones left aside. */
export function firstString(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value.trim() !== '')
}
