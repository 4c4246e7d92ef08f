// expected: TS18048 TS18048 TS2322
import '@verifier-guard/express/global'
import '@verifier-guard/fastify/global'
import express from 'express'
import Fastify from 'fastify'

export const app = express()
app.get('/', (req, res) => void res.json(req.auth.clientId))

export const api = Fastify()
api.get('/', (request) => request.auth.clientId)
api.get('/open', { config: { auth: true } }, () => 'up')
