// Runs on each version of Nest, bundled beside it: tries ways to have several sources in one
// application, and prints who got which.
import 'reflect-metadata'
import { Injectable, Module, type DynamicModule, type Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { TokenSource, TokenSourceOptions } from '../../src/index.js'
import { InjectTokens, TokenSourceModule } from '../../src/nestjs.js'

/** Options that differ in a closure alone, which is what Nest 10 can't tell apart. */
function optionsOf(identity: string): TokenSourceOptions {
  const body = { access_token: `token-of-${identity}`, token_type: 'Bearer', expires_in: 900 }
  return {
    authorizationServer: 'https://login.example.org',
    tokenEndpoint: 'https://login.example.org/token',
    clientId: 'client',
    clientSecret: 'secret',
    runtime: { fetch: () => Promise.resolve(Response.json(body)) },
  }
}

/** Every way to make a module, each by a function that is called for each identity. */
const WAYS: Readonly<Record<string, (identity: string) => DynamicModule>> = {
  options: (identity) => TokenSourceModule.forRoot(optionsOf(identity)),
  useFactory: (identity) =>
    TokenSourceModule.forRootAsync({ useFactory: () => optionsOf(identity) }),
  useClass: (identity) => TokenSourceModule.forRootAsync({ useClass: settingsOf(identity) }),
  useExisting: (identity) => {
    const Settings = settingsOf(identity)
    const imports = [moduleOf({ providers: [Settings], exports: [Settings] })]
    return TokenSourceModule.forRootAsync({ imports, useExisting: Settings })
  },
}

function settingsOf(identity: string) {
  class Settings {
    createTokenSourceOptions = () => optionsOf(identity)
  }
  Injectable()(Settings)
  return Settings
}

/** A class that calls with the tokens of a source. */
function callerOf(name?: string) {
  class Caller {
    constructor(readonly tokens: TokenSource) {}
  }
  Injectable()(Caller)
  InjectTokens(name)(Caller, undefined, 0)
  return Caller
}

function moduleOf(metadata: Parameters<typeof Module>[0]): Type {
  class Feature {}
  Module(metadata)(Feature)
  return Feature
}

/** What the callers get within one application, or why it does not start. */
async function outcomeOf(
  imports: readonly (Type | DynamicModule)[],
  callers: readonly Type<{ tokens: TokenSource }>[],
  providers: readonly Type[] = [],
): Promise<readonly string[] | string> {
  try {
    const application = await NestFactory.createApplicationContext(
      moduleOf({ imports: [...imports], providers: [...providers] }),
      { logger: false, abortOnError: false },
    )
    const sources = callers.map((caller) => application.get(caller, { strict: false }).tokens)
    const tokens = await Promise.all(sources.map((source) => source.getToken()))
    await application.close()
    const closed = await Promise.allSettled(sources.map((source) => source.getToken()))
    if (closed.some(({ status }) => status === 'fulfilled')) return 'a source outlived it'
    return tokens
  } catch (error) {
    return (error as Error).message
  }
}

/** Two feature modules, each with a source of its own. */
function twoFeatures(make: (identity: string) => DynamicModule) {
  const [OfA, OfB] = [callerOf(), callerOf()]
  const feature = (identity: string, caller: Type) =>
    moduleOf({ imports: [make(identity)], providers: [caller], exports: [caller] })
  return outcomeOf([feature('a', OfA), feature('b', OfB)], [OfA, OfB])
}

const named = (name: string) => TokenSourceModule.forRoot({ name, ...optionsOf(name) })
const plain = (identity: string) => TokenSourceModule.forRoot(optionsOf(identity))
const everywhere = (identity: string) =>
  TokenSourceModule.forRoot({ isGlobal: true, ...optionsOf(identity) })

async function tryAll() {
  const ways: Record<string, unknown> = {}
  for (const [way, make] of Object.entries(WAYS)) ways[way] = await twoFeatures(make)

  const [OfA, OfB, OfNone] = [callerOf('a'), callerOf('b'), callerOf()]
  const shared = plain('a')
  const holder = () => moduleOf({ imports: [shared], exports: [TokenSourceModule] })
  return {
    ways,
    names: await outcomeOf([named('a'), named('b')], [OfA, OfB], [OfA, OfB]),
    'a name beside none': await outcomeOf([plain('x'), named('a')], [OfNone, OfA], [OfNone, OfA]),
    'two of one name in one module': await outcomeOf([named('a'), named('a')], [OfA], [OfA]),
    'two without a name in one module': await outcomeOf(
      [plain('a'), plain('b')],
      [OfNone],
      [OfNone],
    ),
    'one that is exported again beside another': await outcomeOf(
      [holder(), plain('b')],
      [OfNone],
      [OfNone],
    ),
    'one that two modules export again': await outcomeOf([holder(), holder()], [OfNone], [OfNone]),
    'a global one': await outcomeOf(
      [everywhere('a'), moduleOf({ providers: [OfNone], exports: [OfNone] })],
      [OfNone],
    ),
    'a global one beside another': await outcomeOf(
      [
        everywhere('a'),
        moduleOf({ imports: [plain('b')], providers: [OfNone], exports: [OfNone] }),
      ],
      [OfNone],
    ),
    'one that the module does not import': await outcomeOf(
      [plain('a'), moduleOf({ providers: [OfNone], exports: [OfNone] })],
      [OfNone],
    ),
  }
}

console.log(JSON.stringify(await tryAll()))
