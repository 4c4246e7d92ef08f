import 'reflect-metadata'
import { parentPort, workerData } from 'node:worker_threads'
import { Controller, Get, HttpCode, Module, Post, UseGuards, type Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import * as adapter from '@verifier-guard/nestjs'
import type { Requirement } from '@verifier-guard/nestjs'
import { listenToAll, routes, type Kit, type Mount } from '../application.js'

interface PlatformRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
}

listenToAll()

const kit: Kit<Requirement<never>, PlatformRequest> = {
  ...adapter,
  header: ({ headers }, name) => headers[name],
}

function controllerOf({ path: prefix }: Mount): Type {
  class Part {}
  for (const { method, path, requirement, handle } of routes) {
    const descriptor = { value: (auth: Parameters<typeof handle>[0]) => handle(auth) }
    const decorate = (...decorators: MethodDecorator[]) =>
      decorators.forEach((decorator) => decorator(Part.prototype, path, descriptor))
    Object.defineProperty(Part.prototype, path, descriptor)
    decorate(method === 'get' ? Get(path) : Post(path), HttpCode(200))
    if (requirement) decorate(adapter.Requires(requirement(kit)))
    adapter.Auth()(Part.prototype, path, 0)
  }
  UseGuards(adapter.AccessTokenGuard)(Part)
  Controller(prefix)(Part)
  return Part
}

function moduleOf(mount: Mount & Required<Pick<Mount, 'options'>>): Type {
  const guard = adapter.VerifierGuardModule.forRoot({
    ...mount.options,
    ...mount.authOptions,
    isGlobal: false,
  })
  class Part {}
  Module({ imports: [guard], controllers: [controllerOf(mount)] })(Part)
  return Part
}

/** Runs in a thread of its own, bundled into the folder of the version that it is to run on. */
async function main({
  mounts,
  platform,
}: {
  mounts: readonly Mount[]
  platform: string
}): Promise<void> {
  class Application {}
  Module({
    imports: mounts.flatMap(({ options, ...mount }) =>
      options ? [moduleOf({ ...mount, options })] : [],
    ),
  })(Application)
  const app =
    platform === 'fastify'
      ? await NestFactory.create(Application, new FastifyAdapter(), { logger: false })
      : await NestFactory.create(Application, { logger: false })
  await app.listen(0, '127.0.0.1')
  parentPort!.postMessage(await app.getUrl())
  parentPort!.once('message', () => void app.close().then(() => parentPort!.close()))
}

void main(workerData as Parameters<typeof main>[0])
