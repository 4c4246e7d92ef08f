// expected: TS2339 TS2339
import { auth } from '@verifier-guard/express'
import { auth as plugin } from '@verifier-guard/fastify'
import express from 'express'
import Fastify from 'fastify'

const options = { issuer: 'https://verifier.example.org', profile: 'eudistack' } as const

export const app = express()
app.get('/', auth(options), (req, res) => void res.json(req.auth))

export const api = Fastify()
api.register(plugin(options))
api.get('/', (request) => request.auth)
