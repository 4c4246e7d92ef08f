// One Express application behind one guard, or none; tells its use of the CPU when asked.
import { createPublicKey } from 'node:crypto'
import express from 'express'
import { middlewareOf } from './contestants.mjs'
import { dpopMiddlewareOf } from './dpop-contestants.mjs'

process.on('message', ({ start, usage }) => {
  if (start) listen(start)
  if (usage) process.send({ usage: process.cpuUsage() })
})

const open = (request, response, next) => next()

function listen({ name, jwk, dpop, ...issuer }) {
  const one = { ...issuer, jwk, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) }
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  const middleware = dpop ? dpopMiddlewareOf : middlewareOf
  app.get('/', name === 'none' ? open : middleware(name, one), (request, response) =>
    response.status(200).end(),
  )
  const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
}
