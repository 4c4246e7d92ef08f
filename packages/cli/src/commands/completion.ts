import type { Command } from 'commander'
import { usageFailure } from '../exit.js'

/** The words that may follow each command, by its name; the program's own under ''. */
type Words = ReadonlyMap<string, readonly string[]>

const SHELLS: Readonly<Record<string, (words: Words) => string>> = {
  bash: (words) => bashScript(words),
  zsh: (words) => `autoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`,
  fish: (words) =>
    [...words].flatMap(([name, next]) => next.map((word) => fishLine(name, word))).join('\n'),
}

/**
 * The script that completes commands and flags in a shell.
 *
 * @throws {Failure} for another shell
 */
export function completion(program: Command, shell: string): string {
  const script = SHELLS[shell]
  if (script === undefined || !Object.hasOwn(SHELLS, shell))
    throw usageFailure('bash, zsh or fish', `"${shell}"`, 'name one of these shells')
  return script(wordsOf(program))
}

function wordsOf(program: Command): Words {
  const flags = (command: Command) => command.options.flatMap(({ long }) => long ?? [])
  const names = program.commands.map((command) => command.name())
  return new Map<string, readonly string[]>([
    ['', names],
    ...program.commands.map(
      (command) =>
        [
          command.name(),
          [
            ...command.commands.map((inner) => inner.name()),
            ...command.commands.flatMap(flags),
            ...flags(command),
            '--help',
          ],
        ] as const,
    ),
  ])
}

function bashScript(words: Words): string {
  const cases = [...words]
    .filter(([name]) => name !== '')
    .map(([name, next]) => `    ${name}) words="${[...new Set(next)].join(' ')}" ;;`)
  return `_verifier_guard() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="${words.get('')!.join(' ')}" ;;
  esac
  COMPREPLY=($(compgen -o default -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _verifier_guard verifier-guard`
}

function fishLine(name: string, word: string): string {
  const condition = name === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${name}`
  const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`
  return `complete -c verifier-guard -n "${condition}" ${what}`
}
