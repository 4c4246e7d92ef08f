const HEAD = [
  'library',
  'new token: time',
  'CPU, main thread',
  'CPU, all threads',
  'CPU, one core',
  'known token: time',
  'Express: known',
  'Express: new',
]

/** The kind of token that the overview is about. */
const USUAL = 'ES256, 1.8 kB'
const kindOf = ({ algorithm, size }) => `${algorithm}, ${size}`

/** The page of these results, as Markdown. */
export function page(results) {
  return `# Measured\n\n${overview(results)}\n\n## In full\n\n${tables(results)}\n`
}

/** What matters most of the results, as Markdown. */
export function overview(results) {
  const { inProcess, oneCore, http, memory } = results
  const find = (name, contestant, list = inProcess, kind = USUAL) =>
    list.find((one) => kindOf(one) === kind && one.case === name && one.contestant === contestant)
  const entered = inProcess.filter(
    (one) => kindOf(one) === USUAL && one.case === 'cold, 16 in flight',
  )
  const rows = entered.map(({ contestant: name, ratio, mainRatio, allRatio }) => {
    const alone = oneCore && find('cold, 16 in flight', name, oneCore)
    return [
      name,
      ...[ratio, mainRatio, allRatio].map((one) => number(one, 2)),
      oneCore ? number(alone?.allRatio, 2) : 'left out',
      number(find('warm', `${name}, cached`)?.ratio, 3),
      added(http.known, name),
      added(http.fresh, name),
    ]
  })
  const oneAtATime = (name, kind) =>
    find('cold, one at a time', name, inProcess, kind).ratio.median.toFixed(2)
  const { node, cpu, cores, rounds, date } = results
  return [
    table(HEAD, rows),
    list([
      `Ratios to the floor of ${find('cold, 16 in flight', 'floor').microseconds.toFixed(0)} µs: one \`crypto.verify\` with a ready key, two \`JSON.parse\` and five comparisons.`,
      `Tokens of ${memory.characters} characters with ES256, new ones 16 in flight.`,
      'aws-jwt-verify and fast-jwt verify on the main thread, and were handed the key. The others fetch it.',
      'One core: the CPU time of the whole process, bound to one core.',
      'Express: the CPU time that the guard adds to a request, on one core. Around jose, aws-jwt-verify, fast-jwt and the floor stands a middleware written by hand.',
      `One new token at a time takes ${oneAtATime('verifier-guard')}, and ${oneAtATime('verifier-guard, claims read')} with its claims read.`,
      `With RS256, which is verified in half the time, it takes ${oneAtATime('verifier-guard', 'RS256, 1.8 kB')}, and ${oneAtATime('verifier-guard', 'RS256, 0.6 kB')} without a credential in it.`,
      `A known token takes ${number(find('warm', 'verifier-guard, cached, synchronous').ratio, 3)} on the synchronous path of the adapters.`,
      `A known token takes ${kilobytes(memory.bytesPerCachedToken)} of heap, ${kilobytes(memory.bytesOnceRead)} once its claims were read.`,
      `Medians of ${rounds} rounds, ${http.rounds} behind Express, on ${date}, Node ${node}, ${cores} × ${cpu}.`,
    ]),
  ].join('\n\n')
}

const list = (lines) => lines.map((line) => `- ${line}`).join('\n')

function added(results, name) {
  const guard = results.find(({ contestant }) => contestant === name)?.guard
  return guard ? `${guard.median.toFixed(0)} µs` : '–'
}

const number = (one, digits) => one?.median.toFixed(digits) ?? '–'
const kilobytes = (bytes) => `${(bytes / 1_000).toFixed(1)} kB`

/** The results as Markdown, in full. */
export function tables(results) {
  const { inProcess, oneCore, http, memory, resident } = results
  const { node, cpu, cores, load, loadAtEnd, rounds, date } = results
  return [
    `Measured on ${date} with Node ${node} on ${cores} × ${cpu}. Medians of ${rounds} rounds, ${http.rounds} behind Express, quartiles in brackets. The load average was ${load.toFixed(1)} at the start and ${loadAtEnd.toFixed(1)} at the end.`,
    'The floor is one `crypto.verify` with a ready key, two `JSON.parse` and five comparisons, on the main thread, one token at a time.',
    ...byKind(inProcess, ''),
    ...(oneCore ? byKind(oneCore, ', on one core') : ['On one core: left out, without `taskset`.']),
    behindExpress('a known caller', http.known),
    behindExpress('a new token with every request', http.fresh),
    ofMemory(memory),
    ofProcesses(resident),
  ].join('\n\n')
}

function byKind(results, where) {
  const kinds = new Set(results.map(kindOf))
  return [...kinds].map((kind) => {
    const own = results.filter((one) => kindOf(one) === kind)
    return `### ${kind} (${own[0].characters} characters)${where}\n\n${ofKind(own)}`
  })
}

function ofKind(results) {
  const rows = results.map((one) => [
    one.case.startsWith('cold') ? `new token, ${one.case.slice(6)}` : 'known token',
    one.contestant,
    one.microseconds.toFixed(2),
    range(one.ratio, 4),
    number(one.mainRatio, 3),
    range(one.allRatio, 3),
  ])
  const head = [
    'case',
    'library',
    'µs',
    'time to the floor',
    'CPU, main thread',
    'CPU, all threads',
  ]
  return table(head, rows)
}

function behindExpress(caller, results) {
  const rows = results.map(({ contestant, microseconds, guard }) => [
    contestant,
    microseconds.median.toFixed(1),
    range(guard, 1),
  ])
  const head = ['guard', 'CPU of the process, µs a request', 'of which the guard']
  return `### Behind Express 5, ${caller}\n\n${table(head, rows)}`
}

function ofMemory({
  characters,
  bytesPerCachedToken,
  bytesOnceRead,
  distinctTokens,
  growthAfterFull,
}) {
  const growth = (Math.max(...growthAfterFull) * 100).toFixed(1)
  return [
    '### Memory',
    `A remembered token of ${characters} characters takes ${kilobytes(bytesPerCachedToken)} of heap, and ${kilobytes(bytesOnceRead)} once a handler has read its claims.`,
    `Over ${distinctTokens.toLocaleString('en')} distinct tokens the heap grows by ${growth} % of what the full memory takes.`,
  ].join('\n\n')
}

function ofProcesses(results) {
  const megabytes = ({ median, q1, q3 }) =>
    range({ median: median / 1e6, q1: q1 / 1e6, q3: q3 / 1e6 }, 0)
  const rows = results.map(({ contestant, bytes }) => [contestant, megabytes(bytes)])
  const distinct = results[0].distinct.toLocaleString('en')
  return table(['library', `resident after ${distinct} distinct tokens, MB`], rows)
}

const range = ({ median, q1, q3 }, digits) =>
  `${median.toFixed(digits)} [${q1.toFixed(digits)}–${q3.toFixed(digits)}]`

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
