const { Channel } = require('node:diagnostics_channel')
const { setImmediate } = require('node:timers/promises')
const { TestEnvironment } = require('jest-environment-node')

/** What a green run does not print. */
const UNWANTED = /^(VerifierGuard|Deprecation|MaxListenersExceeded)Warning$/

/**
 * The channels that suites listened to. Suites that share a process share Node's channels: what one
 * leaves behind would hear the next, and so change what it warns of and what it measures.
 *
 * Held as long as the process: after a channel was collected, Node may take its name from the next
 * one as well, and a subscriber would hear nothing of what is published.
 */
const heard = new Set()
const { subscribe } = Channel.prototype
// A channel with a subscriber has other methods: this sees the first one only, which is enough.
Channel.prototype.subscribe = function (listener) {
  heard.add(this)
  return subscribe.call(this, listener)
}

/**
 * Node's own environment, in which a suite fails by a warning of the process. A test that provokes
 * one on purpose listens to the event or holds `runtime.warn`, and nothing is printed.
 */
module.exports = class Environment extends TestEnvironment {
  #test = 'no test'
  #isOver = false
  #warnings = []
  #note = ({ name, message }) => {
    if (UNWANTED.test(name)) this.#warnings.push(`${name} in "${this.#test}": ${message}`)
  }

  async setup() {
    await super.setup()
    process.on('warning', this.#note)
    // What a suite leaves open may warn later, of a server that is gone: that is no other suite's.
    const { process: own } = this.global
    const { emitWarning } = own
    own.emitWarning = (...warning) => (this.#isOver ? undefined : emitWarning.apply(own, warning))
  }

  async handleTestEvent({ name, test }, { unhandledErrors }) {
    if (name === 'test_start') this.#test = test.name
    if (name !== 'run_finish') return
    // A process tells of a warning one tick after it.
    await setImmediate()
    unhandledErrors.push(...this.#warnings.map((warning) => new Error(warning)))
  }

  async teardown() {
    this.#isOver = true
    process.off('warning', this.#note)
    for (const channel of heard)
      if (channel.name.startsWith('verifier-guard:'))
        for (const listener of channel._subscribers ?? []) channel.unsubscribe(listener)
    await super.teardown()
  }
}
