import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Whether processes can be bound to a core here, and one is left for the others. */
export const canPin = spawnSync('taskset', ['--version']).status === 0 && cpus().length > 1

const here = (name) => fileURLToPath(new URL(name, import.meta.url))

/** Starts a script with a channel for messages, bound to the first core where that is possible. */
export function forkPinned(name, parameters = []) {
  if (!canPin) return fork(here(name), parameters)
  const command = ['-c', '0', process.execPath, here(name), ...parameters]
  return spawn('taskset', command, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
}

/** What a process says, which ends it. */
export async function said(child) {
  const [message] = await once(child, 'message')
  child.kill()
  return message
}

/** Does something while this process keeps off the first core. */
export async function aside(act) {
  const bind = (cores) =>
    canPin && spawnSync('taskset', ['-a', '-c', '-p', cores, `${process.pid}`])
  const last = cpus().length - 1
  bind(`1-${last}`)
  try {
    return await act()
  } finally {
    bind(`0-${last}`)
  }
}
