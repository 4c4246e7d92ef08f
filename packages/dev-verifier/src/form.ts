import { readUpTo } from './body.js'
import { Refusal } from './refusals.js'
import { show } from './show.js'

/**
 * A token request with a credential inside has some ten thousand bytes; Tomcat, below the real
 * Verifiers, takes 2 MB.
 */
const MAX_BYTES = 1_024 * 1_024

/**
 * Reads the form of a token request, and no more of it than a form can be long.
 *
 * @throws Refusal `body-too-large`.
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  if (Number(request.headers.get('content-length')) > MAX_BYTES) throw tooLarge()
  const { text, isWhole } = await readUpTo(request, MAX_BYTES)
  if (!isWhole) throw tooLarge()
  return new URLSearchParams(text)
}

/**
 * Holds fields of a form to one value (RFC 6749 §3.2).
 *
 * @throws Refusal `repeated-parameter`.
 */
export function requireOnce(form: URLSearchParams, names: Iterable<string>): void {
  const once = new Set(names)
  const seen = new Set<string>()
  // One pass: a form may hold thousands of names.
  for (const name of form.keys()) {
    if (once.has(name) && seen.has(name))
      throw new Refusal('repeated-parameter', `the form must hold ${show(name)} once`)
    seen.add(name)
  }
}

function tooLarge(): Refusal {
  return new Refusal('body-too-large', `the body must have no more than ${MAX_BYTES} bytes`)
}
