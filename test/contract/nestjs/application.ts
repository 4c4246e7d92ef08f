import { parentPort, workerData } from 'node:worker_threads'
import { heard, type Mount } from '../application.js'
import { routes } from '../routes.js'
import { build } from './build.js'

interface Setting {
  readonly mounts: readonly Pick<Mount, 'path' | 'options' | 'authOptions'>[]
  readonly platform: string
}

/**
 * Runs the contract in a thread of its own, bundled into the folder of the version that it is to
 * run on. Functions do not cross into a thread: routes and listeners are added here.
 */
async function main({ mounts, platform }: Setting): Promise<void> {
  const complete = mounts.map(({ options, ...mount }) => ({
    ...mount,
    ...(options && { options: { ...options, events: heard } }),
    routes,
  }))
  const { url, close } = await build({ mounts: complete }, platform)
  parentPort!.postMessage(url)
  parentPort!.once('message', () => void close().then(() => parentPort!.close()))
}

void main(workerData as Setting)
