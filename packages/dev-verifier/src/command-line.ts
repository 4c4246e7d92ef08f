import { parseArgs } from 'node:util'
import type { Listeners, RefusedEvent } from './events.js'
import type { IssuedCredential } from './credentials.js'
import type { Power } from './mandate.js'
import type { ListenOptions } from './options.js'
import { profiles, type ProfileName } from './profiles.js'
import type { DevVerifier } from './verifier.js'

/** What the command was asked to do. */
export interface CommandLine {
  readonly help: boolean
  readonly options: ListenOptions
  readonly powers: readonly Power[]
}

/** What `dev-verifier --help` prints. */
export const USAGE = `Usage: dev-verifier [options]

Starts a development Verifier on this machine and prints the configuration of a client for it.

  --port <number>       Port to listen on (default 8082; 0 for any free one)
  --profile <name>      ${Object.keys(profiles).join(' | ')} (default eudistack-3.3)
  --power <power>       A power of the machine as domain/function/action, repeatable (default DOME/ProductOffering/Create)
  --tenant <name>       Tenant of requests that name none
  --mimic-laxity        Let pass what the real Verifiers let pass
  --help                Print this text`

const DEFAULT_PORT = '8082'
const DEFAULT_POWER = 'DOME/ProductOffering/Create'

/**
 * Reads the command line.
 *
 * @throws Error that says what was expected.
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: DEFAULT_PORT },
      profile: { type: 'string', default: 'eudistack-3.3' },
      power: { type: 'string', multiple: true, default: [DEFAULT_POWER] },
      tenant: { type: 'string' },
      'mimic-laxity': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { port, profile, power, tenant, help } = values
  const options = {
    port: readPort(port),
    profile: readProfile(profile),
    mimicLaxity: values['mimic-laxity'],
    ...(tenant !== undefined && { tenant }),
  }
  return { help, options, powers: power.map(readPower) }
}

/** The configuration of a client, and a request to try it with, as shell lines. */
export function configuration(verifier: DevVerifier, machine: IssuedCredential): string {
  const form = verifier.tokenRequest(machine, { lifetime: 3600 })
  const endpoint = verifier.profile === 'fiware' ? '/services/my-service/token' : '/oidc/token'
  const fields = [...form].map(([name, value]) => `  --data-urlencode '${name}=${value}'`)
  return [
    `# A development Verifier (${verifier.profile}) listens at ${verifier.issuer}. Its tokens prove nothing: for local work only.`,
    '# Configuration of a client:',
    `VERIFIER=${verifier.issuer}`,
    `CREDENTIAL=${machine.credential}`,
    `PRIVATE_KEY=${machine.privateKey.hex}`,
    '',
    '# Get a token by hand (once, within an hour: a client assertion is used up by its first use):',
    [`curl --silent ${verifier.issuer}${endpoint}`, ...fields].join(' \\\n'),
  ].join('\n')
}

/** Listeners that print what happens, a line for each event. */
export function printEvents(print: (line: string) => void): Listeners {
  const refused = ({ endpoint, check, status, error, cause }: RefusedEvent): void => {
    const answer = [status ?? 'connection closed', error].filter((part) => part !== undefined)
    print(`${endpoint ?? 'request'} refused (${check}, ${answer.join(' ')}): ${cause}`)
  }
  return {
    tokenIssued: ({ clientId, expiresIn }) => print(`token issued to ${clientId}, ${expiresIn} s`),
    tokenRefused: refused,
    requestRefused: refused,
    failed: ({ endpoint, message }) => print(`${endpoint} failed (500): ${message}`),
  }
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port < 65_536) return port
  throw new Error(`Expected --port to be a number from 0 to 65535; found "${text}".`)
}

function readProfile(text: string): ProfileName {
  if (Object.hasOwn(profiles, text)) return text as ProfileName
  throw new Error(
    `Expected --profile to be one of ${Object.keys(profiles).join(', ')}; found "${text}".`,
  )
}

function readPower(text: string): Power {
  const [domain, name, action, ...rest] = text.split('/')
  if (domain && name && action && rest.length === 0) return { domain, function: name, action }
  throw new Error(
    `Expected --power as domain/function/action, for example ${DEFAULT_POWER}; found "${text}".`,
  )
}
