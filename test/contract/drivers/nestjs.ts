import type { Application, Driver, Running } from '../application.js'
import { build } from '../nestjs/build.js'
import { installed, run } from '../nestjs/thread.js'

/** The version that this repository itself has: it runs in this thread. */
const OWN = 11

const errorWays = { answering: ['by a filter'], passing: [], missing: [] }

/** The contract alone: of other applications, functions would have to cross into the thread. */
async function buildApart(
  major: number,
  platform: string,
  application: Application,
): Promise<Running> {
  const mounts = application.mounts.map(({ path, options, authOptions }) => {
    const { events: _, ...plain } = options!
    return { path, options: plain, authOptions }
  })
  const { said, close } = await run<string>(major, 'application', { mounts, platform })
  return { url: said, close }
}

export const drivers: readonly Driver[] = [10, 11, 12].flatMap((major) => {
  const { version, unavailable } = installed(major)
  return ['express', 'fastify'].map((platform) => ({
    name: `nestjs ${version} ${platform}`,
    ...(unavailable !== undefined && { unavailable }),
    lacks: ['unguarded', 'nested'] as const,
    errorWays,
    ...(major === OWN
      ? {
          suites: [
            'contract',
            'error-handlers',
            'events',
            'late',
            'nonces',
            'surroundings',
          ] as const,
        }
      : { suites: ['contract'] as const }),
    build: (application: Application) =>
      major === OWN ? build(application, platform) : buildApart(major, platform, application),
  }))
})
