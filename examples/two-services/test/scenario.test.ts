import { runScenario } from '../src/scenario.js'

test('no caller notices the restart of the Verifier', async () => {
  const transcript: string[] = []
  expect(await runScenario((text) => void transcript.push(text))).toEqual({ calls: 500, failures: 0 })
  expect(transcript).toContain('The Verifier is away: 100 calls of the shop, 0 failed')
  expect(transcript.slice(-4)).toEqual([
    '  event: token_dropped',
    '  event: token_obtained',
    'First shop, whose token the old key has signed: 100 calls of the shop, 0 failed',
    '500 calls, 0 failed',
  ])
})
