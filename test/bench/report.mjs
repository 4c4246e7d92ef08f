const VERIFIED_ANEW = 'verified anew'

const OVERVIEW = [
  'verifier-guard',
  'jose',
  'aws-jwt-verify',
  'fast-jwt',
  'express-oauth2-jwt-bearer',
  'express-jwt + jwks-rsa',
  'koa-jwt + jwks-rsa',
]

/** What matters most of the results, as Markdown: the table of the README. */
export function overview({ inProcess, http, memory, node, cpu, cores, rounds, date }) {
  const own = inProcess.filter(({ algorithm, size }) => algorithm === 'ES256' && size === '1.8 kB')
  const of = (name, contestant) =>
    own.find((one) => one.case === name && one.contestant === contestant)
  const rows = OVERVIEW.map((name) => {
    const { ratio, mainRatio, allRatio } = of('cold, 16 in flight', name)
    const remembered = of('warm', `${name}, cached`)
    const guard = http.find(({ contestant }) => contestant === name)?.guard
    const cold = [ratio, mainRatio, allRatio].map(({ median }) => median.toFixed(2))
    return [
      name,
      ...cold,
      remembered?.ratio.median.toFixed(3) ?? '–',
      guard ? `${guard.median.toFixed(0)} µs` : '–',
    ]
  })
  const head = [
    'library',
    'new token: time',
    'CPU, main thread',
    'CPU, all threads',
    'known token: time',
    'behind Express',
  ]
  const floor = of('cold, 16 in flight', 'floor').microseconds
  return [
    table(head, rows),
    `Ratios to the floor of ${floor.toFixed(0)} µs: one \`crypto.verify\` with a ready key, two \`JSON.parse\` and five comparisons. Tokens of ${memory.characters} characters with ES256, new ones 16 in flight (aws-jwt-verify and fast-jwt, which verify on the main thread, were handed the key; the others fetch it); behind Express, the guard's own CPU time for a request of a known caller. A known token takes ${of('warm', 'verifier-guard, cached, synchronous').ratio.median.toFixed(3)} on the synchronous path that adapters go, and ${(memory.bytesPerCachedToken / 1_000).toFixed(1)} kB of heap. Medians of ${rounds} rounds on ${date}, Node ${node}, ${cores} × ${cpu}.`,
  ].join('\n\n')
}

/** The results as Markdown, in full. */
export function tables({
  inProcess,
  http,
  memory,
  node,
  cpu,
  cores,
  load,
  loadAtEnd,
  rounds,
  date,
}) {
  const kinds = [...new Set(inProcess.map(({ algorithm, size }) => `${algorithm}, ${size}`))]
  return [
    `Measured on ${date} with Node ${node} on ${cores} × ${cpu}; load average ${load.toFixed(1)} at the start, ${loadAtEnd.toFixed(1)} at the end; medians of ${rounds} rounds, quartiles in brackets.`,
    'The floor is one `crypto.verify` with a ready key, two `JSON.parse` and five comparisons, on the main thread, one token at a time.',
    ...kinds.map((kind) => ofKind(kind, inProcess)),
    behindExpress(http),
    ofMemory(memory),
  ].join('\n\n')
}

function ofKind(kind, results) {
  const own = results.filter(({ algorithm, size }) => `${algorithm}, ${size}` === kind)
  const rows = own.map(({ case: name, contestant, microseconds, ratio, mainRatio, allRatio }) => [
    name.startsWith('cold') ? `${VERIFIED_ANEW}, ${name.slice(6)}` : 'remembered',
    contestant,
    microseconds.toFixed(2),
    range(ratio, 4),
    mainRatio.median.toFixed(3),
    allRatio.median.toFixed(3),
  ])
  const head = [
    'case',
    'library',
    'µs',
    'time to the floor',
    'CPU, main thread',
    'CPU, all threads',
  ]
  return `### ${kind} (${own[0].characters} characters)\n\n${table(head, rows)}`
}

function behindExpress(results) {
  const rows = results.map(({ contestant, microseconds, guard }) => [
    contestant,
    microseconds.median.toFixed(1),
    range(guard, 1),
  ])
  return `### Behind Express 5, a known caller\n\n${table(['guard', 'CPU of the process, µs a request', 'of which the guard'], rows)}`
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
    `A remembered token of ${characters} characters takes ${(bytesPerCachedToken / 1_000).toFixed(1)} kB of heap; ${(bytesOnceRead / 1_000).toFixed(1)} kB once a handler has read its claims.`,
    `Over ${distinctTokens.toLocaleString('en')} distinct tokens the heap grows by ${growth} % of what the full memory takes.`,
  ].join('\n\n')
}

const range = ({ median, q1, q3 }, digits) =>
  `${median.toFixed(digits)} [${q1.toFixed(digits)}–${q3.toFixed(digits)}]`

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
