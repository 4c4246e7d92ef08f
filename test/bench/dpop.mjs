/*
 * What a known token with a new DPoP proof costs: `node test/bench/dpop.mjs [rounds]`. In process,
 * behind Express, with many in flight, and in memory under a flood. Writes dpop.json, and the table
 * of packages/core/docs/proof-of-possession.md.
 */
import { fork, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { aside, canPin, forkPinned, said } from './cores.mjs'
import { contestants, createClient } from './dpop-contestants.mjs'
import { behindExpress, roundsOf } from './http.mjs'
import { mean, measure, summary } from './measure.mjs'
import { createIssuer } from './tokens.mjs'

const rounds = Number(process.argv[2] ?? 7)
const only = process.argv[3]
const OPERATIONS = 3_000
/** A contestant takes turns with the floor, so that a busy machine disturbs them alike. */
const SLICES = 10
const IN_A_SLICE = OPERATIONS / SLICES
/** Before a process is measured: as many requests as the compiler needs to be done. */
const WARM_UP_SLICES = 20
const NAMES = Object.keys(contestants)
const here = (name) => fileURLToPath(new URL(name, import.meta.url))

if (only === undefined) await all()
else {
  const part = await { 'in-process': oneRound, memory }[only](process.argv[4])
  process.send?.(part) ?? console.log(part)
  process.disconnect?.()
}

async function all() {
  const results = {
    date: new Date().toISOString().slice(0, 10),
    rounds,
    node: process.version,
    cpu: cpus()[0].model,
    cores: cpus().length,
    oneCore: canPin
      ? await inProcess((parameters) => forkPinned('dpop.mjs', parameters))
      : undefined,
    allCores: await inProcess((parameters) => fork(here('dpop.mjs'), parameters)),
    express: await overExpress(),
    memory: await said(
      spawn(process.execPath, ['--expose-gc', here('dpop.mjs'), `${rounds}`, 'memory'], {
        stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      }),
    ),
  }
  await write('dpop.json', JSON.stringify(results), 'json')
  console.log(table(results))
  await intoPage(table(results))
  process.exit()
}

/**
 * Time and CPU of an operation, one at a time and 16 in flight, as ratios to one signature. Each
 * contestant runs with the floor alone, each round in a process of its own: what a process has run
 * before changes what its compiler and its heap make of the next.
 */
async function inProcess(start) {
  const results = []
  for (const contestant of NAMES) {
    const samples = []
    for (let round = 0; round < rounds; round += 1)
      samples.push(await said(start(['1', 'in-process', contestant])))
    results.push(resultOf(contestant, samples))
  }
  return results
}

function resultOf(contestant, samples) {
  const ratio = (kind, by) =>
    summary(samples.map(({ own, floor }) => own[kind][by] / floor.one[by]))
  return {
    contestant,
    microseconds: summary(samples.map(({ own }) => own.one.wall)).median,
    time: ratio('one', 'wall'),
    cpu: ratio('one', 'all'),
    throughput: summary(samples.map(({ own, floor }) => floor.one.wall / own.many.wall)),
  }
}

async function oneRound(contestant) {
  const issuer = await createIssuer('ES256', '1.8 kB')
  const client = createClient(issuer)
  const make = (name) => contestants[name].make(issuer, client)
  const runs = [
    { run: make('floor'), lanes: 1, one: [], many: [] },
    { run: make(contestant), lanes: contestant === 'floor' ? 1 : 16, one: [], many: [] },
  ]
  const inputs = () => Array.from({ length: IN_A_SLICE }, client.request)
  for (let slice = -WARM_UP_SLICES; slice < SLICES; slice += 1)
    for (const { run, lanes, one, many } of runs) {
      const alone = await measure(run, inputs(), 1)
      const together = await measure(run, inputs(), lanes)
      if (slice < 0) continue
      one.push(alone)
      many.push(together)
    }
  issuer.close()
  const [floor, own] = runs.map(({ one, many }) => ({ one: mean(one), many: mean(many) }))
  return { floor, own }
}

/** The CPU time that a guard adds to a request behind Express, on one core. */
function overExpress() {
  return aside(async () => {
    const { close, ...issuer } = await createIssuer('ES256', '1.8 kB')
    const client = createClient(issuer)
    const { algorithm, jwk } = issuer
    const start = { issuer: issuer.issuer, algorithm, jwk, dpop: true, clientJwk: client.jwk }
    const request = () =>
      `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: DPoP ${client.token}\r\nDPoP: ${client.proof()}\r\n\r\n`
    // Each server remembers proofs for itself: one that another has seen is new to it.
    const requestsOf = () => Array.from({ length: OPERATIONS }, request)
    const used = await behindExpress(['none', ...NAMES], start, rounds, requestsOf)
    close()
    const bare = used.get('none')
    const added = (name) => used.get(name).map((spent, round) => spent - bare[round])
    return NAMES.map((name) => ({
      contestant: name,
      added: summary(added(name)),
      ratio: summary(added(name).map((own, round) => own / added('floor')[round])),
    }))
  })
}

/** What a server holds after a flood of good proofs with forged tokens, and of distinct ids. */
async function memory() {
  const issuer = await createIssuer('ES256', '1.8 kB')
  const client = createClient(issuer)
  const { createResourceServer } = await import('@verifier-guard/core')
  const server = createResourceServer({
    issuer: issuer.issuer,
    keys: { keys: [issuer.jwk] },
    audience: 'https://orders.example.org',
    profile: 'eudistack',
    kinds: ['machine', 'none'],
    resource: 'http://127.0.0.1',
    events: { denied() {}, replayMemoryFilling() {} },
    dpop: { replay: { maxEntries: 20_000 } },
  })
  const ask = (token) =>
    server
      .authenticate({
        method: 'GET',
        url: '/',
        headers: { authorization: `DPoP ${token}`, dpop: client.proof() },
      })
      .catch(() => {})
  const flood = async (count, token) => {
    for (let sent = 0; sent < count; sent += 1) await ask(token())
  }
  const forged = () => `${client.token.slice(0, -8)}${Math.random().toString(36).slice(2, 10)}`
  await flood(20_000, forged)
  await flood(2_000, () => client.token)
  const start = held()
  await flood(20_000, forged)
  const afterForged = held()
  await flood(20_000, () => client.token)
  const full = held()
  await flood(20_000, () => client.token)
  const after = held()
  server.close()
  issuer.close()
  return { afterForged: afterForged - start, full: full - start, after: after - full }
}

function held() {
  for (let pass = 0; pass < 5; pass += 1) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function table({ oneCore, allCores, express, memory: bytes, rounds, date, node, cores, cpu }) {
  const find = (list, name) => list?.find(({ contestant }) => contestant === name)
  const number = (one, digits = 2) => one?.median.toFixed(digits) ?? 'left out'
  const head = ['', 'time, one core', 'throughput, 16 in flight', 'Express: added', 'to the floor']
  const rows = NAMES.map((name) => [
    name,
    number(find(oneCore, name)?.time),
    number(find(allCores, name).throughput),
    `${number(find(express, name).added, 0)} µs`,
    number(find(express, name).ratio),
  ])
  const kilobytes = (count) => `${(Math.max(count, 0) / 1_000).toFixed(0)} kB`
  return [
    [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n'),
    list([
      `A known token with a new proof. Ratios to the floor, one ES256 signature by a ready key, which takes ${find(allCores, 'floor').microseconds.toFixed(0)} µs.`,
      'Throughput: requests of the floor, one at a time, are 1.',
      'Express: the CPU time that the guard adds to a request, on one core.',
      `20 000 good proofs with forged tokens leave ${kilobytes(bytes.afterForged)} of heap behind.`,
      `A memory that is full of used proofs grows by ${kilobytes(bytes.after)} under 20 000 more.`,
      `Medians of ${rounds} rounds, ${roundsOf(rounds)} behind Express, on ${date}, Node ${node}, ${cores} × ${cpu}.`,
    ]),
  ].join('\n\n')
}

function list(lines) {
  return lines.map((line) => `- ${line}`).join('\n')
}

async function intoPage(text) {
  const page = '../../packages/core/docs/proof-of-possession.md'
  const [before, after] = readFileSync(here(page), 'utf8').split(
    /(?<=<!-- node test\/bench\/dpop.mjs -->\n)[^]*(?=<!-- \/ -->)/,
  )
  await write(page, `${before}\n${text}\n\n${after}`, 'markdown')
}

async function write(name, text, parser) {
  const file = here(name)
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), parser }))
}
