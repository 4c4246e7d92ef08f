import * as adapter from '@verifier-guard/express'
import type { GuardedRequest, Handler } from '@verifier-guard/express'
import express5, { type RequestHandler } from 'express'
import express4 from 'express4'
import { routes, type Driver, type Kit, type Mount } from '../application.js'
import { listen, versionOf } from './listen.js'

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
      router[method](path, ...before, (req, res) => void res.json(handle((req as GuardedRequest).auth)))
    }
    app.use(path, router)
  }
  return app.set('env', 'production')
}

export const drivers: readonly Driver[] = [
  { name: `express ${versionOf('express4')}`, start: (mounts) => listen(build(express4, mounts)) },
  { name: `express ${versionOf('express')}`, start: (mounts) => listen(build(express5, mounts)) },
]
