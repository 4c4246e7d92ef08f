import 'reflect-metadata'
import { parentPort } from 'node:worker_threads'
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  UseGuards,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common'
import { APP_GUARD, NestFactory } from '@nestjs/core'
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import type { AddressInfo } from 'node:net'
import {
  AccessTokenGuard,
  allowWithoutToken,
  createResourceServer,
  OptionalAuth,
  Public,
  Scopes,
  systemRuntime,
  VerifierGuardModule,
  type ResourceServerOptions,
} from '@verifier-guard/nestjs'
import { websockets } from '@verifier-guard/nestjs/websockets'

const issuer = 'https://verifier.example.org/verifier'

/** Two Verifiers of one name: what trusts them differs in a closure alone. */
const verifiers = { a: createDevVerifier({ issuer }), b: createDevVerifier({ issuer }) }
type Name = keyof typeof verifiers

function trust(name: Name): ResourceServerOptions {
  const { fetch } = verifiers[name]
  const runtime = { ...systemRuntime, fetch: (url: string, init?: RequestInit) => fetch(url, init) }
  return { issuer, profile: 'eudistack', runtime, events: { denied: () => {} } }
}

/** Every way to make a module, each by a function that is called for each Verifier. */
const WAYS: Readonly<Record<string, (name: Name) => DynamicModule>> = {
  options: (name) => VerifierGuardModule.forRoot({ ...trust(name), isGlobal: false }),
  lookup: (name) =>
    VerifierGuardModule.forRoot({
      ...trust(name),
      issuer: (asked) => (asked === issuer ? { issuer: asked } : undefined),
      isGlobal: false,
    }),
  resourceServer: (name) =>
    VerifierGuardModule.forRoot({
      resourceServer: createResourceServer(trust(name)),
      isGlobal: false,
    }),
  useFactory: (name) =>
    VerifierGuardModule.forRootAsync({ useFactory: () => trust(name), isGlobal: false }),
  useClass: (name) =>
    VerifierGuardModule.forRootAsync({ useClass: settingsOf(name), isGlobal: false }),
  useExisting: (name) => {
    const Settings = settingsOf(name)
    const imports = [moduleOf({ providers: [Settings], exports: [Settings] })]
    return VerifierGuardModule.forRootAsync({ imports, useExisting: Settings, isGlobal: false })
  },
}

const own = WAYS['options']!
const everywhere = (name: Name) => VerifierGuardModule.forRoot(trust(name))

function settingsOf(name: Name) {
  @Injectable()
  class Settings {
    createVerifierGuardOptions = () => trust(name)
  }
  return Settings
}

function moduleOf(metadata: ModuleMetadata): Type {
  class Feature {}
  Module(metadata)(Feature)
  return Feature
}

/** A class with one route of its name. */
function routeOf(path: string): Type {
  @Controller(path)
  @UseGuards(AccessTokenGuard)
  class Route {
    @Get()
    get() {
      return 'in'
    }
  }
  return Route
}

/** A guard of the application's own that asks ours. */
function askingGuard(): Type<CanActivate> {
  @Injectable()
  class Asking implements CanActivate {
    constructor(@Inject(AccessTokenGuard) private readonly tokens: AccessTokenGuard) {}

    canActivate(context: ExecutionContext) {
      return this.tokens.canActivate(context)
    }
  }
  return Asking
}

/** A class with one route that only a guard of the application's own stands before. */
function askedRouteOf(path: string): Type {
  @Controller(path)
  @UseGuards(askingGuard())
  class Asked {
    @Get()
    get() {
      return 'in'
    }
  }
  return Asked
}

const feature = (imports: DynamicModule[], controller: Type) =>
  moduleOf({ imports, controllers: [controller] })

/** Runs with an application, which writes its log to a list. */
async function within<Result>(
  root: ModuleMetadata,
  use: (origin: string, logged: readonly string[]) => Promise<Result>,
): Promise<Result | string> {
  const logged: string[] = []
  const write = (message: unknown, context?: unknown) => {
    if (context === 'VerifierGuardModule') logged.push(String(message))
  }
  const logger = { log: write, warn: write, error: () => {} }
  try {
    const app = await NestFactory.create(moduleOf(root), { logger, abortOnError: false })
    await app.listen(0, '127.0.0.1')
    const { port } = (app.getHttpServer() as { address(): AddressInfo }).address()
    const result = await use(`http://127.0.0.1:${port}`, logged)
    await app.close()
    return result
  } catch (error) {
    return (error as Error).message
  }
}

/** The status of each route for a token of either Verifier. */
function statuses(paths: readonly string[]) {
  return async (origin: string) => {
    const answers: Record<string, number> = {}
    for (const path of paths)
      for (const name of ['a', 'b'] as const) {
        const authorization = `Bearer ${verifiers[name].mint()}`
        const { status } = await fetch(`${origin}/${path}`, { headers: { authorization } })
        answers[`${path} by ${name}`] = status
      }
    return answers
  }
}

const twoFeatures = (make: (name: Name) => DynamicModule) =>
  within(
    { imports: [feature([make('a')], routeOf('a')), feature([make('b')], routeOf('b'))] },
    statuses(['a', 'b']),
  )

@Controller('doors')
class Doors {
  @Get()
  @Scopes('read')
  guarded() {
    return 'in'
  }

  @Get('optional')
  @OptionalAuth()
  optional() {
    return 'in'
  }

  @Get('health')
  @Public()
  health() {
    return 'up'
  }

  @Get('forgotten/:id')
  forgotten() {
    return 'in'
  }
}

@WebSocketGateway()
class OpenGateway {
  @SubscribeMessage('order')
  order() {
    return {}
  }
}

@WebSocketGateway()
@UseGuards(AccessTokenGuard)
class Gateway extends OpenGateway {
  @SubscribeMessage('order')
  override order() {
    return {}
  }
}

@Injectable()
class ApiKeys implements CanActivate {
  canActivate(context: ExecutionContext) {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>()
    if (headers['x-api-key'] === 'key') allowWithoutToken(context)
    return true
  }
}

const guarded = { provide: APP_GUARD, useExisting: AccessTokenGuard }
const doors = (more: ModuleMetadata = {}) =>
  within({ imports: [everywhere('a')], controllers: [Doors], ...more }, (_, logged) =>
    Promise.resolve(logged),
  )

/** The status of a route with a requirement, for an API key, a token and neither. */
async function keyOrToken(origin: string) {
  const ask = async (headers: Record<string, string>) =>
    (await fetch(`${origin}/doors`, { headers })).status
  const bearer = (scope: string) => ({
    authorization: `Bearer ${verifiers.a.mint({ scope })}`,
  })
  return {
    key: await ask({ 'x-api-key': 'key' }),
    'wrong key': await ask({ 'x-api-key': 'other' }),
    token: await ask(bearer('read')),
    'token without the scope': await ask(bearer('x')),
    neither: await ask({}),
  }
}

async function tryAll() {
  const ways: Record<string, unknown> = {}
  for (const [way, make] of Object.entries(WAYS)) ways[way] = await twoFeatures(make)
  const shared = own('a')
  return {
    ways,
    'a feature beside the global one': await within(
      {
        imports: [
          everywhere('a'),
          feature([own('b')], routeOf('b')),
          feature([], routeOf('default')),
        ],
      },
      statuses(['b', 'default']),
    ),
    'the global one after a feature': await within(
      {
        imports: [
          feature([], routeOf('default')),
          feature([own('b')], routeOf('b')),
          everywhere('a'),
        ],
      },
      statuses(['b', 'default']),
    ),
    'a guard that asks the one of its feature': await within(
      { imports: [everywhere('a'), feature([own('b')], askedRouteOf('b'))] },
      statuses(['b']),
    ),
    'one object that two features import': await within(
      { imports: [feature([shared], routeOf('one')), feature([shared], routeOf('two'))] },
      statuses(['one', 'two']),
    ),
    'two global ones': await within({ imports: [everywhere('a'), everywhere('b')] }, statuses([])),
    'two in one module': await within(
      { imports: [feature([own('a'), own('b')], routeOf('a'))] },
      statuses([]),
    ),
    'two in one module, one of them exported again': await within(
      {
        imports: [
          moduleOf({
            imports: [moduleOf({ imports: [own('a')], exports: [VerifierGuardModule] }), own('b')],
            controllers: [routeOf('a')],
          }),
        ],
      },
      statuses([]),
    ),
    none: await within({ controllers: [routeOf('a')] }, statuses([])),
    'doors without APP_GUARD': await doors({ providers: [OpenGateway] }),
    'doors with APP_GUARD': await doors({ providers: [guarded] }),
    'doors with a guard that asks ours': await doors({
      providers: [{ provide: APP_GUARD, useClass: askingGuard() }],
    }),
    'doors of a gateway with APP_GUARD': await doors({ providers: [guarded, OpenGateway] }),
    'a gateway without transports': await doors({ providers: [Gateway] }),
    'a gateway beside a module without transports': await within(
      {
        imports: [
          everywhere('a'),
          moduleOf({
            imports: [
              VerifierGuardModule.forRoot({
                ...trust('b'),
                isGlobal: false,
                transports: [websockets()],
              }),
            ],
            providers: [Gateway],
          }),
        ],
      },
      () => Promise.resolve('started'),
    ),
    'an API key or a token': await within(
      {
        imports: [everywhere('a')],
        controllers: [Doors],
        providers: [{ provide: APP_GUARD, useClass: ApiKeys }, guarded],
      },
      keyOrToken,
    ),
    'an API key whose guard comes too late': await within(
      {
        imports: [everywhere('a')],
        controllers: [Doors],
        providers: [guarded, { provide: APP_GUARD, useClass: ApiKeys }],
      },
      keyOrToken,
    ),
  }
}

/** Tries what the versions of Nest do differently, in a thread of its own, as the others do. */
async function main(): Promise<void> {
  parentPort!.postMessage(await tryAll())
  parentPort!.once('message', () => parentPort!.close())
}

void main()
