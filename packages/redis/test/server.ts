import { once } from 'node:events'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A Redis of our own, on a socket in a folder of its own: no port, nothing written. */
export interface RedisServer {
  readonly socket: string
  start(): Promise<void>
  /** Ends it, and all that it knew. */
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  remove(): Promise<void>
}

/** Prepares a server; nothing runs before it is started. */
export function createRedisServer(program: string): RedisServer {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  const socket = join(folder, 'socket')
  let child: ChildProcess | undefined
  const signal = (name: NodeJS.Signals) => void child?.kill(name)

  async function kill(): Promise<void> {
    if (child === undefined) return
    const ended = once(child, 'exit')
    signal('SIGKILL')
    await ended
    child = undefined
  }

  return {
    socket,
    async start() {
      const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no']
      child = spawn(program, options, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
      for await (const text of child.stdout!)
        if (String(text).includes('eady to accept connections')) return void child.stdout!.resume()
      throw new Error('redis-server ended before it was ready')
    },
    kill,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async remove() {
      await kill()
      rmSync(folder, { recursive: true })
    },
  }
}
