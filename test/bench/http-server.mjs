// One Express application behind one guard, or none; tells its use of the CPU when asked.
import express from 'express'
import { auth } from '@verifier-guard/express'
import { contestants } from './contestants.mjs'
import { AUDIENCE } from './tokens.mjs'

process.on('message', ({ start, usage }) => {
  if (start) listen(start)
  if (usage) process.send({ usage: process.cpuUsage() })
})

const guards = {
  none: () => (request, response, next) => next(),
  'verifier-guard': ({ issuer, algorithm }) =>
    auth({
      issuer,
      audience: AUDIENCE,
      profile: 'eudistack',
      kinds: ['machine', 'none'],
      algorithms: [algorithm],
    }),
  'express-oauth2-jwt-bearer': contestants['express-oauth2-jwt-bearer'].express,
  'express-jwt + jwks-rsa': contestants['express-jwt + jwks-rsa'].express,
}

function listen({ name, issuer, algorithm }) {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.get('/', guards[name]({ issuer, algorithm }), (request, response) =>
    response.status(200).end(),
  )
  const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
}
