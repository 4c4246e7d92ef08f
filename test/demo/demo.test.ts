import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'

const program = join(__dirname, '../../examples/demo/dist/esm/demo.js')

describe('npm run demo', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' })
  const part = (heading: string) =>
    stdout.split('\n== ').find((text) => text.startsWith(heading)) ?? ''

  test('ends by itself with status 0 and nothing to complain of', () => {
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('shows the credential and the key it is bound to', () => {
    expect(part('1.')).toMatch(/bound to: did:key:zDnae\w+/)
    expect(part('1.')).toContain('"learcredential.machine.w3c.3"')
  })

  test('shows the token request as it went over the wire', () => {
    const did = /bound to: (\S+)/.exec(stdout)![1]
    expect(part('2.')).toMatch(/POST http:\/\/127\.0\.0\.1:\d+\/verifier\/oidc\/token/)
    expect(part('2.')).toContain(`client_id: ${did}`)
    expect(part('2.')).toContain(`"holder": "${did}"`)
  })

  test('shows the token, addressed to the Verifier and with the mandate in it', () => {
    expect(part('3.')).toMatch(/"aud": "http:\/\/127\.0\.0\.1:\d+\/verifier"/)
    expect(part('3.')).toContain('"function": "ProductOffering"')
  })

  test('calls the API', () => {
    expect(part('4.')).toContain('→ 200 OK')
    expect(part('4.')).toContain('"organization":"Example S.L."')
  })

  test.each([
    ['no token', '401 Unauthorized', 'Bearer realm="api"\n', 'token_missing'],
    [
      'an expired token',
      '401 Unauthorized',
      'Bearer realm="api", error="invalid_token", error_description="The access token expired"',
      'token_expired',
    ],
    [
      'a token for another audience',
      '401 Unauthorized',
      'Bearer realm="api", error="invalid_token"',
      'audience_mismatch',
    ],
    [
      'an id_token',
      '401 Unauthorized',
      'Bearer realm="api", error="invalid_token"',
      'token_type_not_accepted',
    ],
    [
      'a good token without the power',
      '403 Forbidden',
      'Bearer realm="api", error="insufficient_scope"',
      'power_missing',
    ],
  ])('shows the denial of %s', (what, answer, challenge, code) => {
    const denial = part('5.')
      .split('-- ')
      .find((text) => text.startsWith(what))
    expect(denial).toContain(`→ ${answer}`)
    expect(denial).toContain(`WWW-Authenticate: ${challenge}`)
    expect(denial).toContain(`denied event: ${code}`)
  })

  test('shows neither a private key nor a whole token', () => {
    expect(stdout).not.toMatch(/"d":|PRIVATE KEY/)
    expect(stdout).not.toMatch(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/)
  })
})

test('npm run demo -- --keep leaves the servers up, with a command that works and the page', async () => {
  const demo = spawn(process.execPath, [program, '--keep'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [, url, token, page] = await new Promise<RegExpMatchArray>((resolve, reject) => {
      let text = ''
      demo.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        const command =
          /curl -i (\S+) -H 'Authorization: Bearer (\S+)'[^]*\s(http:\S+\/console)\n$/.exec(text)
        if (command) resolve(command)
      })
      demo.once('exit', (code) => reject(new Error(`ended with ${code}`)))
    })
    const response = await fetch(url!, { headers: { authorization: `Bearer ${token}` } })
    expect(response.status).toBe(200)
    expect(await (await fetch(page!)).text()).toContain('Development Verifier')
  } finally {
    demo.kill()
  }
})
