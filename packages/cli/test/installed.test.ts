import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDevVerifier } from '@verifier-guard/dev-verifier'

const program = join(__dirname, '../dist/esm/command.js')
const verifier = createDevVerifier()

/** Runs what users install. */
function installed(args: string, input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args.split(' ')], {
    input,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('the command that users install explains a token from stdin, and warns of nothing', () => {
  const { status, stdout, stderr } = installed('explain -', verifier.mintBroken('expired'))
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  expect(stdout).toContain('token_expired')
})

test('its errors go to stderr alone', () => {
  const { status, stdout, stderr } = installed('explain missing.txt')
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^verifier-guard: expected .*ENOENT/)
})

test('the README shows every command, and every flag of the first two', () => {
  const readme = readFileSync(join(__dirname, '../README.md'), 'utf8')
  const flags = ['--help', 'doctor --help', 'explain --help', 'token --help', 'mint --help'].map(
    (args) => installed(args).stdout,
  )
  const commands = [...flags[0]!.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name!)
  expect(commands).toEqual(expect.arrayContaining(['doctor', 'explain', 'dev', 'keys']))
  for (const name of commands.filter((one) => one !== 'help'))
    expect(readme).toContain(`verifier-guard ${name}`)
  const named = flags.flatMap((text) => [...text.matchAll(/^ {2}(--[\w-]+)/gm)])
  for (const [, flag] of named.filter(([, flag]) => flag !== '--no-color'))
    expect(readme).toContain(flag)
})
