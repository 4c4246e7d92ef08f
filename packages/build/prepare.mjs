// Makes a fresh clone ready: installs from the lock file and builds, each only where something
// changed since the last time. Usage: node packages/build/prepare.mjs [package or folders to build,
// with what it depends on; default: all]
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnSync } from 'node:child_process'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const installedFrom = join(root, 'node_modules', '.installed-from')
const wanted = process.argv[2]

/** What keeps the tools from sending or asking for anything of their own. */
const QUIET = {
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  NEXT_TELEMETRY_DISABLED: '1',
}

const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')

if (!existsSync(installedFrom) || readFileSync(installedFrom, 'utf8') !== lock) {
  const fresh = !existsSync(join(root, 'node_modules'))
  run('Installing dependencies …', 'npm', [
    fresh ? 'ci' : 'install',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ])
  writeFileSync(installedFrom, lock)
}
run('Building what changed …', 'npx', [
  '--no-install',
  'turbo',
  'run',
  'build',
  ...(wanted ? [`--filter=${wanted}`] : []),
])

/**
 * The environment without the options of `npm pack` and `npm publish`: an `npm install` in here
 * would take them for its own.
 */
function environment() {
  const options =
    /^npm_config_(workspaces?|include_workspace_root|dry_run|json|pack_destination|tag|access|otp)$/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !options.test(name)))
}

/**
 * Says what it does on stderr, so that stdout holds only what was asked for, and shows the tool's
 * own words only when it fails.
 */
function run(what, command, args) {
  console.error(what)
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...environment(), ...QUIET },
    shell: process.platform === 'win32',
  })
  if (error) throw error
  if (status === 0) return
  process.stderr.write(stdout + stderr)
  process.exit(status ?? 1)
}
