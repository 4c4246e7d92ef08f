import { Mistake } from './mistake.js'
import { show } from './show.js'

/** A power as command lines and forms write it, with one action. */
export interface WrittenPower {
  readonly domain: string
  readonly function: string
  readonly action: string
}

/**
 * Reads a power that is written as `domain/function/action`.
 *
 * @throws Mistake for any other text.
 */
export function readPower(text: string): WrittenPower {
  const [domain, name, action, ...rest] = text.split('/')
  if (domain && name && action && rest.length === 0) return { domain, function: name, action }
  throw new Mistake(
    `Expected a power as domain/function/action, for example DOME/ProductOffering/Create; found ${show(text)}.`,
  )
}
