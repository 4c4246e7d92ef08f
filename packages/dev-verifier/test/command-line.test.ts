import { configuration, readCommandLine } from '../src/command-line.js'
import { startDevVerifier } from '../src/index.js'
import { postForm } from './support.js'

describe('the command line', () => {
  it('has a default for everything', () => {
    expect(readCommandLine([])).toEqual({
      help: false,
      options: { port: 8082, profile: 'eudistack-3.3', mimicLaxity: false },
      powers: [{ domain: 'DOME', function: 'ProductOffering', action: 'Create' }],
    })
  })

  it('takes profile, port, tenant and several powers', () => {
    const args = '--profile dome --port 0 --tenant kpmg --power A/B/C --power D/E/F'.split(' ')
    expect(readCommandLine(args)).toMatchObject({
      options: { port: 0, profile: 'dome', tenant: 'kpmg' },
      powers: [
        { domain: 'A', function: 'B', action: 'C' },
        { domain: 'D', function: 'E', action: 'F' },
      ],
    })
  })

  it.each([
    [['--port', 'x'], /--port/],
    [['--port', '65536'], /--port/],
    [['--profile', 'toString'], /--profile/],
    [['--power', 'Create'], /domain\/function\/action/],
    [['--unknown'], /--unknown/],
  ])('refuses %j', (args, message) => {
    expect(() => readCommandLine(args)).toThrow(message)
  })
})

describe('the printed configuration', () => {
  it('holds what a client needs, and a request that works once', async () => {
    const verifier = await startDevVerifier()
    const machine = verifier.issueMachineCredential()
    const text = configuration(verifier, machine)
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        `VERIFIER=${verifier.issuer}`,
        `CREDENTIAL=${machine.credential}`,
        `PRIVATE_KEY=${machine.privateKey.hex}`,
      ]),
    )
    const fields = [...text.matchAll(/--data-urlencode '([^=]+)=([^']+)'/g)]
    const form = new URLSearchParams(
      fields.map(([, name = '', value = '']): [string, string] => [name, value]),
    )
    expect(text).toContain(`curl --silent ${verifier.issuer}/oidc/token`)
    expect((await postForm(verifier, form)).status).toBe(200)
    await verifier.close()
  })
})
