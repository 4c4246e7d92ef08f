const { channel } = require('node:diagnostics_channel')
const { setImmediate } = require('node:timers/promises')
const { TestEnvironment } = require('jest-environment-node')

/** What a green run does not print. */
const UNWANTED = /^(VerifierGuard|Deprecation|MaxListenersExceeded)Warning$/

/**
 * Where what is open answers. Suites that share a process share Node's channels, and would measure
 * the resource servers and token sources of the one before.
 */
const ROLL_CALLS = ['verifier-guard:state', 'verifier-guard:client:state']

/**
 * Node's own environment, in which a suite fails by a warning of the process. A test that provokes
 * one on purpose listens to the event or holds `runtime.warn`, and nothing is printed.
 */
module.exports = class Environment extends TestEnvironment {
  #test = 'no test'
  #warnings = []
  #note = ({ name, message }) => {
    if (UNWANTED.test(name)) this.#warnings.push(`${name} in "${this.#test}": ${message}`)
  }

  async setup() {
    await super.setup()
    process.on('warning', this.#note)
  }

  async handleTestEvent({ name, test }, { unhandledErrors }) {
    if (name === 'test_start') this.#test = test.name
    if (name !== 'run_finish') return
    // A process tells of a warning one tick after it.
    await setImmediate()
    unhandledErrors.push(...this.#warnings.map((warning) => new Error(warning)))
  }

  async teardown() {
    process.off('warning', this.#note)
    for (const call of ROLL_CALLS.map((name) => channel(name)))
      for (const answer of call._subscribers ?? []) call.unsubscribe(answer)
    await super.teardown()
  }
}
