/*
 * The command line: every command with its flags, its help and its examples.
 */
import { FLAGS, shownFlag, type Flag } from '@verifier-guard/dev-verifier/console'
import { Command, CommanderError, Option } from 'commander'
import { completion } from './commands/completion.js'
import { dev, type DevFlags } from './commands/dev.js'
import { doctor } from './commands/doctor.js'
import { explain, optionMistake } from './commands/explain.js'
import { inspectKey, makeKey } from './commands/keys.js'
import { mint } from './commands/mint.js'
import { token } from './commands/token.js'
import { EXIT, Failure, type ExitCode } from './exit.js'
import { looksSecret } from './input.js'
import { harmless } from './output.js'
import type { CliRuntime } from './runtime.js'

const DESCRIPTION = `Finds out why an API refuses a token, and helps to work with a Verifier.

Exit codes: 0 good, 1 refused, 2 wrong usage, 3 unreachable or undecided.
Tokens and keys come from files or stdin, and for "token" also from variables of the environment.
Never put them on the command line: other users and the shell's history can read it.`

/**
 * Runs the command.
 *
 * @param args those after the program's name
 * @returns the exit code
 */
export async function run(args: readonly string[], runtime: CliRuntime): Promise<ExitCode> {
  let exit: ExitCode = EXIT.good
  const program = createProgram(runtime, (code) => (exit = code))
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exit
  } catch (error) {
    return ended(error, runtime, args.includes('--json'))
  }
}

function ended(error: unknown, { out, err }: CliRuntime, isJson: boolean): ExitCode {
  const print = (message: string, exit: ExitCode): ExitCode => {
    if (isJson) out(JSON.stringify({ error: message, exit }, null, 2))
    return exit
  }
  if (error instanceof CommanderError) {
    // Commander has printed its message, or the help that was asked for.
    if (error.exitCode === 0) return EXIT.good
    const isHelp = error.code === 'commander.help'
    const message = isHelp ? 'expected a command, found none' : withoutSecrets(error.message)
    return print(message, EXIT.usage)
  }
  const mistake = optionMistake(error)
  if (mistake === undefined && !(error instanceof Failure)) throw error
  const message = withoutSecrets(harmless(mistake ?? (error as Failure).message))
  err(`verifier-guard: ${message}`)
  return print(message, error instanceof Failure ? error.exit : EXIT.usage)
}

/** Messages quote the words that are wrong, and a key may be one of them. */
function withoutSecrets(message: string): string {
  return message.replace(/(["'])(.*?)\1/gs, (quoted, _, word: string) =>
    [word, word.slice(word.indexOf('=') + 1), word.replace(/^-+/, '')].some(looksSecret)
      ? 'what looks like a token or a key'
      : quoted,
  )
}

type Ended = (code: ExitCode) => void

function createProgram(runtime: CliRuntime, ends: Ended): Command {
  const program = new Command('verifier-guard')
    .description(DESCRIPTION)
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for flags and examples)')
    .configureOutput({
      writeOut: (text) => runtime.out(text.trimEnd()),
      writeErr: (text) => runtime.err(withoutSecrets(text.trimEnd())),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  for (const add of [addDoctor, addExplain, addToken, addDev, addMint, addKeys, addCompletion])
    add(program, runtime, ends)
  return program
}

/** Adds a command with the flags that every one has. */
function command(program: Command, usage: string, description: string, examples: string): Command {
  return program
    .command(usage)
    .description(description)
    .option('--json', 'print one JSON document')
    .option('--no-color', 'print without colours; NO_COLOR does the same')
    .addHelpText('after', `\nExamples:\n${examples.trim().replace(/^/gm, '  ')}`)
}

const withConfiguration = (one: Command) =>
  one
    .option('--issuer <url>', 'the issuer, exactly as tokens state it')
    .option('--audience <text>', 'what "aud" must hold')
    .option('--profile <name>', 'auto, dome, eudistack, fiware or rfc9068')
    .option('--jwks-uri <url>', 'address of the key set, in place of discovery')
    .option('--keys <file>', 'the key set itself: no keys are fetched')
    .option('--allow-insecure-http', 'accept plain http beyond this machine')

const several = (value: string, before: readonly string[] = []) => [...before, value]

function addDoctor(program: Command, runtime: CliRuntime, ends: Ended): void {
  withConfiguration(
    command(
      program,
      'doctor',
      'Checks a configuration against its Verifier: options, addresses, TLS, metadata, keys, clock.',
      `
verifier-guard doctor --issuer https://verifier.example.org/verifier --profile eudistack
verifier-guard doctor --config verifier-guard.json
verifier-guard doctor --config verifier-guard.json --token token.jwt   # and explains a token
`,
    ).option('--config <file>', 'options of the resource server, as JSON'),
  )
    .option('--inside <url>', 'the address of the Verifier within a private network')
    .option('--token <file>', 'a token to explain as well; - for stdin')
    .action(async (flags: object) => ends(await doctor(runtime, flags)))
}

function addExplain(program: Command, runtime: CliRuntime, ends: Ended): void {
  withConfiguration(
    command(
      program,
      'explain <file>',
      'Says what an API decides on a token, check by check, or what a recorded denial means.\nSends no request unless --online is given. Never prints the token. - reads stdin.',
      `
verifier-guard explain token.jwt
pbpaste | verifier-guard explain -
verifier-guard explain token.jwt --against verifier-guard.json --online
verifier-guard explain token.jwt --against other.json --power DOME/ProductOffering/Create
verifier-guard explain denied.json      # one "denied" event, or the line of a log that holds it
`,
    ).option('--against <file>', 'options of the resource server, as JSON'),
  )
    .option(
      '--online',
      'fetch the keys, and check the signature; without a configuration they come from the address in the token, which is not verified yet',
    )
    .option('--scope <scope>', 'hold the token to a scope; repeatable', several)
    .option('--power <power>', 'hold it to domain/function/action; repeatable', several)
    .action(async (file: string, flags: object) => ends(await explain(runtime, file, flags)))
}

function addToken(program: Command, runtime: CliRuntime, ends: Ended): void {
  command(
    program,
    'token',
    'Obtains an access token and prints it, and nothing else, to stdout.\nA flag that is left out is read from its variable: VERIFIER, CREDENTIAL and PRIVATE_KEY at a Verifier,\nAUTHORIZATION_SERVER, CLIENT_ID and PRIVATE_KEY at another authorization server.',
    `
verifier-guard token --verifier https://verifier.example.org/verifier \\
  --credential machine-credential.jwt --key private-key.hex
verifier-guard token --authorization-server https://as.example.org \\
  --client-id orders --key key.jwk --resource https://api.example.org
printf 'Authorization: Bearer %s' "$(verifier-guard token)" | curl -H @- https://api.example.org/orders
`,
  )
    .option('--verifier <url>', 'the issuer of the Verifier')
    .option('--credential <file>', 'the LEARCredentialMachine')
    .option('--authorization-server <url>', 'the issuer of another authorization server')
    .option('--client-id <id>', 'the name that the client is registered under')
    .option('--key <file>', 'the private key: hexadecimal, JWK or PEM')
    .option('--secret <file>', 'the secret of a client that has one')
    .option('--tenant <name>', 'the tenant to name')
    .option('--scope <scope>', 'a scope to ask for; repeatable', several)
    .option('--audience <text>', 'the audience to ask for')
    .option('--resource <url>', 'the resource to ask for (RFC 8707)')
    .option('--allow-insecure-http', 'accept plain http beyond this machine')
    .action(async (flags: object) => ends(await token(runtime, flags)))
}

function addDev(program: Command, runtime: CliRuntime, ends: Ended): void {
  const one = command(
    program,
    'dev',
    'Starts a development Verifier with a page at /console. Its tokens prove nothing.',
    `
verifier-guard dev
verifier-guard dev --power DOME/ProductOffering/Create --watch http://127.0.0.1:3000
verifier-guard dev --host 0.0.0.0 --force   # a container: the console asks for the token it prints
`,
  )
    .option(
      '--power <power>',
      'a power of the machine, domain/function/action; repeatable',
      several,
    )
    .option('--watch <url>', 'an API on this machine whose decisions the console shows')
    .action(async (flags: DevFlags) => ends(await dev(runtime, flags)))
  for (const flag of FLAGS) one.addOption(verifierOption(flag))
}

function verifierOption(flag: Flag): Option {
  const { flags, says } = shownFlag(flag)
  const option = new Option(flags, flag.name === 'port' ? `${says} Here: 8082.` : says)
  return flag.row.flag === 'ids' ? option.argParser(several) : option
}

function addMint(program: Command, runtime: CliRuntime, ends: Ended): void {
  command(
    program,
    'mint',
    'Signs a token as a Verifier would, good or broken, without a server. For tests alone.',
    `
verifier-guard keys make --out key.pem
verifier-guard mint --key key.pem --power DOME/ProductOffering/Create > token.jwt
verifier-guard mint --key key.pem --broken expired
verifier-guard mint --json              # with the key set that verifies it
`,
  )
    .option('--key <file>', 'the signing key; default: a fresh one')
    .option('--issuer <url>', 'the issuer', 'https://verifier.example.test/verifier')
    .option('--profile <name>', 'whose tokens to write', 'eudistack-3.3')
    .option('--audience <text>', 'what "aud" holds')
    .option('--power <power>', 'domain/function/action; repeatable', several)
    .option('--expires-in <seconds>', 'life of the token; negative for an expired one')
    .option('--broken <name>', 'a token that no API may accept; "list" names them')
    .addOption(new Option('--kind <kind>', 'whose token').choices(['machine', 'employee']))
    .action(async (flags: object) => ends(await mint(runtime, flags)))
}

function addKeys(program: Command, runtime: CliRuntime, ends: Ended): void {
  const keys = program.command('keys').description('Makes and inspects keys.')
  command(
    keys,
    'make',
    'Makes a private key. Prints it, or writes it to a file that its owner alone can read.',
    `
verifier-guard keys make --out key.pem
verifier-guard keys make --format hex
`,
  )
    .addOption(
      new Option('--alg <name>', 'the algorithm it signs with')
        .choices(['ES256', 'ES384', 'ES512', 'RS256', 'EdDSA'])
        .default('ES256'),
    )
    .addOption(
      new Option('--format <form>', 'how it is written')
        .choices(['pem', 'jwk', 'hex'])
        .default('pem'),
    )
    .option('--out <file>', 'the file to write; one that exists is left alone')
    .action((flags: object) => ends(makeKey(runtime, flags)))
  command(
    keys,
    'inspect <file>',
    'Says what a key is: type, algorithms, thumbprint (RFC 7638), did:key, public JWK. - reads stdin.',
    `
verifier-guard keys inspect key.pem
curl -s https://verifier.example.org/verifier/oidc/jwks | verifier-guard keys inspect -
`,
  ).action(async (file: string, flags: object) => ends(await inspectKey(runtime, file, flags)))
}

function addCompletion(program: Command, runtime: CliRuntime): void {
  program
    .command('completion <shell>')
    .description('Prints the completion script of bash, zsh or fish.')
    .addHelpText('after', '\nExamples:\n  source <(verifier-guard completion bash)')
    .action((shell: string) => runtime.out(completion(program, shell)))
}
