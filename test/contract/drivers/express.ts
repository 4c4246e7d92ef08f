import * as adapter from '@verifier-guard/express'
import type { GuardedRequest, Handler } from '@verifier-guard/express'
import type express5 from 'express'
import type { RequestHandler } from 'express'
import { routes, type Kit, type Mount } from '../application.js'
import { driversOf, listen } from './listen.js'

const kit: Kit<Handler, GuardedRequest> = {
  ...adapter,
  header: (request, name) => request.headers[name] as string | undefined,
}

function build(express: typeof express5, mounts: readonly Mount[]) {
  const app = express()
  for (const { path, options, authOptions } of mounts) {
    const router = express.Router()
    if (options) router.use(adapter.auth(options, authOptions))
    for (const { method, path, requirement, handle } of routes) {
      const before: RequestHandler[] = requirement ? [requirement(kit)] : []
      router[method](
        path,
        ...before,
        (req, res) => void res.json(handle((req as GuardedRequest).auth)),
      )
    }
    app.use(path, router)
  }
  return app.set('env', 'production')
}

export const drivers = driversOf<typeof express5>(
  'express',
  ['express4', 'express'],
  (express, mounts) => listen(build(express, mounts)),
)
