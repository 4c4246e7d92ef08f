/*
 * What the command reads: tokens and keys from a file or stdin, never from the command line, which
 * other users of the machine and the shell's history can read.
 */
import { readPower, type WrittenPower } from '@verifier-guard/dev-verifier/console'
import { EXIT, Failure, usageFailure } from './exit.js'
import type { CliRuntime } from './runtime.js'

/**
 * Reads a text from a file, or from stdin for `-`.
 *
 * @param what the text is, for messages
 * @throws {Failure} when there is no such file, or a token stands in its place
 */
export async function readText(runtime: CliRuntime, place: string, what: string): Promise<string> {
  return place === '-' ? (await runtime.readStdin()).trim() : readFile(runtime, place, what).trim()
}

/**
 * Reads a file. Messages never quote its path, which may be a secret in the wrong place.
 *
 * @param what the text is, for messages
 * @throws {Failure} when it can't be read, or a secret stands in place of its path
 */
export function readFile(runtime: CliRuntime, path: string, what: string): string {
  if (looksSecret(path))
    throw usageFailure(
      `the path of a file with the ${what}`,
      'what looks like a token or a key itself',
      'the command line shows in the process list and in the history of the shell: replace this token or key, and pass the next one in a file',
    )
  try {
    return runtime.readFile(path)
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException
    throw usageFailure(
      `the path of a file with the ${what}`,
      `${code} for what was given`,
      'check the path; a token or key itself does not belong on the command line',
    )
  }
}

/**
 * A power as `domain/function/action`.
 *
 * @throws {Failure} for any other text
 */
export function powerIn(text: string): WrittenPower {
  try {
    return readPower(text)
  } catch (error) {
    throw new Failure(EXIT.usage, (error as Error).message)
  }
}

/** How tokens and keys look that are given where a path or a word is expected. */
const SECRETS: readonly RegExp[] = [
  /^\{/,
  /PRIVATE KEY/,
  // In Base64: `{"`, then `eyJ`, `-----` and DER.
  /^eyJ/,
  /^ZXlK/,
  /^LS0tLS1/,
  /^MI[\w+/=\s]{60,}$/,
  // A scalar that has lost leading zeros still has 60 digits.
  /^(?:0x)?[0-9a-f]{60,}$/i,
]

/** Whether a text is likely a token or a key. */
export function looksSecret(text: string): boolean {
  return SECRETS.some((form) => form.test(text.trim()))
}
