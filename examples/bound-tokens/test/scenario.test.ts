import { runScenario } from '../src/scenario.js'

test('a bound token is of use to its client alone', async () => {
  const transcript: string[] = []
  await runScenario((text) => void transcript.push(text))
  expect(transcript).toEqual([
    expect.stringMatching(/^The shop: 200 \[\{"id":1,"item":"chairs","client":"did:key:z\w+"\}\]$/),
    'A request of the shop that a thief reads: 200',
    'The thief, the token alone: 401',
    'The thief, the whole request again: 401',
    'The thief, the token with a proof of their own: 401',
  ])
})
