// Makes a fresh clone ready: installs from the lock file and builds, each only when something changed since the last time.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnSync } from 'node:child_process'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const installedFrom = join(root, 'node_modules', '.installed-from')

const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')

if (!existsSync(installedFrom) || readFileSync(installedFrom, 'utf8') !== lock) {
  const fresh = !existsSync(join(root, 'node_modules'))
  run('npm', [fresh ? 'ci' : 'install', '--no-audit', '--no-fund'])
  writeFileSync(installedFrom, lock)
}
run('npx', ['--no-install', 'turbo', 'run', 'build', '--output-logs=errors-only', '--log-order=grouped'])

function run(command, args) {
  // Set-up talks on stderr, so that stdout holds only what the user asked for.
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
    shell: process.platform === 'win32',
  })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}
