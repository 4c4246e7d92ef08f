import {
  createTokenSource,
  TokenSourceError,
  type TokenSourceErrorKind,
  type TokenSourceOptions,
} from '@verifier-guard/client'
import { EXIT, Failure, usageFailure, type ExitCode } from '../exit.js'
import { readText } from '../input.js'
import { createPrinter, type OutputOptions } from '../output.js'
import type { CliRuntime } from '../runtime.js'

/** The flags of `token`. */
export interface TokenFlags extends OutputOptions {
  readonly verifier?: string
  readonly credential?: string
  readonly authorizationServer?: string
  readonly clientId?: string
  readonly key?: string
  readonly secret?: string
  readonly tenant?: string
  readonly scope?: readonly string[]
  readonly audience?: string
  readonly resource?: string
  readonly allowInsecureHttp?: boolean
}

const EXITS: Readonly<Record<TokenSourceErrorKind, ExitCode>> = {
  configuration: EXIT.usage,
  credential: EXIT.usage,
  signer: EXIT.usage,
  refused: EXIT.refused,
  verifier: EXIT.unreachable,
  closed: EXIT.unreachable,
}

/** Obtains an access token, and prints it alone. */
export async function token(runtime: CliRuntime, flags: TokenFlags): Promise<ExitCode> {
  const options = await optionsOf(runtime, flags)
  try {
    const source = createTokenSource({
      ...options,
      runtime: { fetch: runtime.fetch, now: runtime.now },
    } as TokenSourceOptions)
    try {
      const accessToken = await source.getToken()
      createPrinter(runtime, flags).result({ access_token: accessToken }, () => [accessToken])
      return EXIT.good
    } finally {
      source.close()
    }
  } catch (error) {
    if (!(error instanceof TokenSourceError)) throw error
    throw new Failure(EXITS[error.kind], `${error.code}: ${error.message}`)
  }
}

/** Who issues the token: flags go before variables, and one place names one of the two. */
function issuerOf({ env }: CliRuntime, { verifier, authorizationServer }: TokenFlags) {
  const isFlag = verifier !== undefined || authorizationServer !== undefined
  const [named, names] = isFlag
    ? [{ verifier, authorizationServer }, ['--verifier', '--authorization-server']]
    : [
        {
          verifier: env['VERIFIER'] || undefined,
          authorizationServer: env['AUTHORIZATION_SERVER'] || undefined,
        },
        ['the variable VERIFIER', 'AUTHORIZATION_SERVER'],
      ]
  if (named.verifier === undefined && named.authorizationServer === undefined)
    throw usageFailure(
      '--verifier or --authorization-server',
      'neither, and no variable VERIFIER or AUTHORIZATION_SERVER',
      'name who issues the token',
    )
  if (named.verifier !== undefined && named.authorizationServer !== undefined)
    throw usageFailure(names.join(' or '), 'both', 'leave one out: each issues tokens of its own')
  return named
}

async function optionsOf(runtime: CliRuntime, flags: TokenFlags): Promise<object> {
  const { env } = runtime
  const { tenant, scope, audience, resource } = flags
  const { verifier, authorizationServer } = issuerOf(runtime, flags)
  // A Verifier knows the client by its credential: the variable may be left from another server.
  const clientId = flags.clientId ?? (verifier === undefined ? env['CLIENT_ID'] : undefined)
  const read = async (file: string | undefined, what: string, variable: string) =>
    file === undefined ? env[variable] : readText(runtime, file, what)
  const options = {
    ...{ verifier, authorizationServer, clientId, tenant, audience, resource },
    scope: scope?.join(' '),
    credential:
      verifier === undefined ? undefined : await read(flags.credential, 'credential', 'CREDENTIAL'),
    ...(flags.secret === undefined
      ? { privateKey: await read(flags.key, 'private key', 'PRIVATE_KEY') }
      : { clientSecret: await readText(runtime, flags.secret, 'client secret') }),
    allowInsecureHttp: flags.allowInsecureHttp,
  }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
