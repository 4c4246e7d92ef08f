import '@verifier-guard/express/global'
import '@verifier-guard/fastify/global'
import type { AuthContext } from '@verifier-guard/core'
import { requiredScopes } from '@verifier-guard/fastify'
import express from 'express'
import Fastify from 'fastify'

export const app = express()
app.get('/', (req, res) => {
  const caller: AuthContext | undefined = req.auth
  res.json({ client: caller?.clientId, powers: req.auth?.powers.length })
})

export const api = Fastify()
api.get('/', { config: { auth: requiredScopes('offers:read') } }, (request) => {
  const caller: AuthContext | undefined = request.auth
  return { client: caller?.clientId }
})
api.get('/health', { config: { auth: false } }, () => 'up')
