import 'reflect-metadata'
import type { Server, ServerResponse } from 'node:http'
import {
  Catch,
  Controller,
  Get,
  HttpCode,
  HttpException,
  Module,
  Options,
  Post,
  Res,
  UseGuards,
  type ArgumentsHost,
  type DynamicModule,
  type ExceptionFilter,
  type Type,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import * as adapter from '@verifier-guard/nestjs'
import type { AuthContext, Requirement } from '@verifier-guard/nestjs'
import type {
  AnsweringRoute,
  Application,
  ErrorHandling,
  Kit,
  Mount,
  Route,
  Running,
} from '../application.js'
import { giveUp, running } from '../drivers/listen.js'

interface PlatformRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** What both platforms answer by: Express' response is Node's own, Fastify's reply holds one. */
interface PlatformResponse {
  readonly raw?: ServerResponse
  status(status: number): { send(body: object): unknown }
}

const kit: Kit<Requirement<never>, PlatformRequest> = {
  ...adapter,
  header: ({ headers }, name) => headers[name],
}

const METHODS = { get: Get, post: Post, options: Options }

/** Builds the application in this thread, on the version of Nest that this file finds. */
export async function build(application: Application, platform: string): Promise<Running> {
  const app = await create(rootOf(application.mounts), platform, application.proxied ?? false)
  const { timeout } = application
  if (timeout)
    app.use((_: unknown, response: ServerResponse, next: () => void) => {
      giveUp(response, timeout)
      next()
    })
  if (application.cors) app.enableCors()
  if (application.errors) app.useGlobalFilters(filterOf(application.errors))
  await app.listen(0, '127.0.0.1')
  return running(app.getHttpServer() as Server, () => app.close())
}

async function create(root: Type, platform: string, trustProxy: boolean) {
  const options = { logger: false, forceCloseConnections: true } as const
  if (platform === 'fastify')
    return NestFactory.create(
      root,
      new FastifyAdapter({ trustProxy, forceCloseConnections: true }),
      options,
    )
  const app = await NestFactory.create<NestExpressApplication>(root, options)
  app.set('trust proxy', trustProxy)
  return app
}

function rootOf(mounts: readonly Mount[]): Type {
  @Module({ imports: mounts.map((mount) => partOf(mount, mounts)) })
  class Root {}
  return Root
}

/** A module for a mount; one without a guard opens what another's would close. */
function partOf(mount: Mount, mounts: readonly Mount[]): Type {
  const { options, authOptions } = mount.options ? mount : mounts.find(({ options }) => options)!
  const guard: DynamicModule = adapter.VerifierGuardModule.forRoot({
    ...options!,
    ...authOptions,
    isGlobal: false,
  })
  @Module({ imports: [guard], controllers: [controllerOf(mount)] })
  class Part {}
  return Part
}

function controllerOf({ path, routes, options }: Mount): Type {
  @Controller(path)
  @UseGuards(adapter.AccessTokenGuard)
  class Part {}
  if (options === undefined) adapter.Public()(Part)
  for (const route of routes) if (!('socket' in route)) add(Part.prototype, route)
  return Part
}

/** Adds a method to a controller, decorated as by hand. */
function add(prototype: object, route: AnsweringRoute): void {
  const { method, path, requirement } = route
  const descriptor = { value: methodOf(route) }
  const decorate = (...decorators: MethodDecorator[]) =>
    decorators.forEach((decorator) => decorator(prototype, path, descriptor))
  Object.defineProperty(prototype, path, descriptor)
  decorate(METHODS[method](path), HttpCode(200))
  if (requirement) decorate(adapter.Requires(requirement(kit)))
  adapter.Auth()(prototype, path, 0)
  if ('stream' in route) Res()(prototype, path, 1)
}

function methodOf(route: AnsweringRoute) {
  if ('silent' in route) return () => new Promise(() => {})
  return 'handle' in route ? handlerOf(route) : streamOf(route)
}

function handlerOf({ handle }: Extract<Route, { handle: unknown }>) {
  return (auth: AuthContext | undefined) =>
    handle({ auth, authOf: () => auth!, optionalAuthOf: () => auth })
}

function streamOf({ stream }: Extract<Route, { stream: unknown }>) {
  return (auth: AuthContext, response: PlatformResponse & ServerResponse) => {
    const { raw = response } = response
    raw.write('first')
    raw.on(
      'close',
      adapter.whenExpired(auth, () => void raw.end('last'), stream),
    )
  }
}

function filterOf({ answer }: ErrorHandling): ExceptionFilter {
  @Catch(HttpException)
  class Filter implements ExceptionFilter<HttpException> {
    catch(exception: HttpException, host: ArgumentsHost) {
      const response = host.switchToHttp().getResponse<PlatformResponse>()
      // The guard has set its headers already.
      response.status(exception.getStatus()).send(answer(exception.cause)!.body)
    }
  }
  return new Filter()
}
