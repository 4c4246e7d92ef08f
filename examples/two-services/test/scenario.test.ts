import { runScenario } from '../src/scenario.js'

test('no caller notices the restart of the Verifier', async () => {
  const transcript: string[] = []
  const total = await runScenario((text) => void transcript.push(text))
  expect({ ...total, transcript }).toMatchObject({ calls: 200, failures: 0 })
  expect(transcript).toContain('The Verifier is away: 40 calls of the shop, 0 failed')
  expect(transcript.slice(-4)).toEqual([
    '  event: tokenDropped',
    '  event: tokenObtained',
    'First shop, whose token the old key has signed: 40 calls of the shop, 0 failed',
    '200 calls, 0 failed',
  ])
})
