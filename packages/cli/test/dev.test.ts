import { command } from './support.js'
import { startDev } from './browser.js'

test.each([
  ['eudistack-3.3', 'eudistack'],
  ['eudistack-3.0', 'eudistack'],
  ['eudistack-2', 'eudistack'],
  ['dome', 'dome'],
  ['fiware', 'fiware'],
  ['oauth', 'rfc9068'],
])(
  'a token of the profile %s passes the options that its page shows, of profile %s',
  async (profile, ofApi) => {
    const { consoleUrl, end } = await startDev(`--profile ${profile}`)
    try {
      const answer = await fetch(`${consoleUrl}/mint`, { method: 'POST' })
      const { explanation } = (await answer.json()) as { explanation: { verdict: string } }
      expect(explanation.verdict).toBe('accepted')
      expect(await (await fetch(consoleUrl)).text()).toContain(`profile: &#39;${ofApi}&#39;`)
      expect((await fetch(new URL('/dev/token', consoleUrl))).status).toBe(200)
    } finally {
      expect(await end()).toBe(0)
    }
  },
)

test('prints the configuration of a client, and where the page is', async () => {
  const { exit, out } = await command('dev --port 0', { interrupted: () => Promise.resolve() })
  expect(exit).toBe(0)
  expect(out).toMatch(/^# The page: http:\/\/127\.0\.0\.1:\d+\/console\n/)
  expect(out).toMatch(/^VERIFIER=http/m)
})

test.each([
  ['dev --port 8o82', '--port'],
  ['dev --profile nonsense', '--profile'],
  ['dev --host 0.0.0.0', 'loopback only'],
  ['dev --watch http://192.0.2.1', 'on this machine'],
  ['dev --power Order', 'domain/function/action'],
])('%s exits with 2 and says what is expected', async (line, message) => {
  const { exit, err } = await command(line)
  expect(exit).toBe(2)
  expect(err).toContain(message)
})

test('a port in use is said with the way out', async () => {
  const { consoleUrl, end } = await startDev('')
  const { exit, err } = await command(`dev --port ${new URL(consoleUrl).port}`)
  await end()
  expect(exit).toBe(2)
  expect(err).toContain('--port')
})
