import { brokenTokens, createDevVerifier, type BrokenTokenName } from '@verifier-guard/dev-verifier'
import { EXIT, Failure, usageFailure, type ExitCode } from '../exit.js'
import { powerIn, readText } from '../input.js'
import { createPrinter, type OutputOptions } from '../output.js'
import type { CliRuntime } from '../runtime.js'

/** The flags of `mint`. */
export interface MintFlags extends OutputOptions {
  readonly key?: string
  readonly issuer?: string
  readonly profile?: string
  readonly audience?: string
  readonly power?: readonly string[]
  readonly expiresIn?: string
  readonly broken?: string
  readonly kind?: string
}

/** Signs a token for a test. */
export async function mint(runtime: CliRuntime, flags: MintFlags): Promise<ExitCode> {
  const printer = createPrinter(runtime, flags)
  if (flags.broken === 'list') {
    const because = Object.entries(brokenTokens).map(([name, row]) => [name, row.because] as const)
    printer.result(Object.fromEntries(because), () => because.map((pair) => pair.join(': ')))
    return EXIT.good
  }
  const { token, issuer, keys } = mistakesAsUsage(await requestOf(runtime, flags), flags.broken)
  printer.result({ token, issuer, ...keys }, () => [token])
  return EXIT.good
}

/** V8's own message for a text that is no JSON quotes part of the key. */
function keyIn(text: string): unknown {
  if (!text.startsWith('{')) return text
  try {
    return JSON.parse(text)
  } catch {
    const found = `${text.length} characters that are not JSON`
    throw usageFailure('a signing key as hexadecimal, JWK or PEM', found, 'mind quotes and commas')
  }
}

type Request = Awaited<ReturnType<typeof requestOf>>

async function requestOf(runtime: CliRuntime, flags: MintFlags) {
  const { issuer, profile, audience, kind, expiresIn, power } = flags
  if (expiresIn !== undefined && !/^-?\d+$/.test(expiresIn))
    throw usageFailure('--expires-in in seconds', `"${expiresIn}"`, 'give a whole number')
  const key =
    flags.key === undefined ? undefined : await readText(runtime, flags.key, 'signing key')
  return {
    verifier: defined({
      issuer,
      profile,
      key: key === undefined ? undefined : keyIn(key),
      runtime: { now: runtime.now },
    }),
    token: defined({
      audience,
      kind,
      expiresIn: expiresIn === undefined ? undefined : Number(expiresIn),
      powers: power?.map(powerIn),
    }),
  }
}

function mistakesAsUsage(request: Request, broken: string | undefined) {
  try {
    const verifier = createDevVerifier(request.verifier)
    const token =
      broken === undefined
        ? verifier.mint(request.token)
        : verifier.mintBroken(broken as BrokenTokenName, request.token)
    return { token, issuer: verifier.issuer, keys: verifier.jwks() }
  } catch (error) {
    throw new Failure(EXIT.usage, (error as Error).message)
  }
}

function defined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
