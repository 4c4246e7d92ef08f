import core = require('@verifier-guard/core')
import client = require('@verifier-guard/client')
import express = require('@verifier-guard/express')
import fastify = require('@verifier-guard/fastify')
import fetch = require('@verifier-guard/fetch')
import hono = require('@verifier-guard/fetch/hono')
import koa = require('@verifier-guard/koa')
import nestjs = require('@verifier-guard/nestjs')

const options: core.ResourceServerOptions = {
  issuer: 'https://verifier.example.org',
  profile: 'eudistack',
}
const server: core.ResourceServer = core.createResourceServer(options)

/** One resource server fits every adapter. */
export = {
  guards: [express.auth(server), fastify.auth(server), hono.auth(server), koa.auth(server)],
  handler: fetch.protect(() => new Response(), server),
  module: nestjs.VerifierGuardModule.forRoot(options),
  createTokenSource: client.createTokenSource,
}
