/*
 * What the command reads: tokens and keys from a file or stdin, never from the command line, which
 * other users of the machine and the shell's history can read.
 */
import { usageFailure } from './exit.js'
import type { CliRuntime } from './runtime.js'

/**
 * Reads a text from a file, or from stdin for `-`.
 *
 * @param what the text is, for messages
 * @throws {Failure} when there is no such file, or a token stands in its place
 */
export async function readText(runtime: CliRuntime, place: string, what: string): Promise<string> {
  if (place === '-') return (await runtime.readStdin()).trim()
  if (looksSecret(place))
    throw usageFailure(
      `the file that holds the ${what}, or - for stdin`,
      'what looks like the text itself',
      'the command line shows in the process list and in the history of the shell: replace this token or key, and pass the next one in a file',
    )
  return readFile(runtime, place, `the ${what} in a file`).trim()
}

/**
 * Reads a file.
 *
 * @throws {Failure} when it can't be read
 */
export function readFile(runtime: CliRuntime, path: string, expected: string): string {
  try {
    return runtime.readFile(path)
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException
    throw usageFailure(expected, `${code} for ${path}`, 'check the path')
  }
}

function looksSecret(text: string): boolean {
  return /^eyJ[\w-]+\./.test(text) || text.includes('PRIVATE KEY') || text.trim().startsWith('{')
}
