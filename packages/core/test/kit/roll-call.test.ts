import { channel } from 'node:diagnostics_channel'
import { createRollCall } from '../../src/kit/roll-call.js'

const NAME = 'verifier-guard:roll-call-of-the-test'
const rollCall = createRollCall<string>(NAME)

function ask(): readonly string[] {
  const states: string[] = []
  channel(NAME).publish(states)
  return states
}

describe('a roll call', () => {
  test('has each open instance answer with its state of that moment', () => {
    let state = 'first'
    const [one, other] = [{}, {}]
    rollCall.add(one, () => state)
    rollCall.add(other, () => 'other')
    expect(ask()).toEqual(['first', 'other'])
    state = 'second'
    expect(ask()).toEqual(['second', 'other'])
    rollCall.remove(one)
    expect(ask()).toEqual(['other'])
    rollCall.remove(other)
    expect(ask()).toEqual([])
  })

  test('answers once, however often instances come and go', () => {
    for (const instance of [{}, {}, {}]) {
      rollCall.add(instance, () => 'open')
      expect(ask()).toEqual(['open'])
      rollCall.remove(instance)
    }
  })
})
