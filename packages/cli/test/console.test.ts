import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { promisify } from 'node:util'
import { readFileSync } from 'node:fs'
import type { AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { describeWith } from '../../../test/programs.js'
import {
  listen,
  startApi,
  startBoundApi,
  startBrowser,
  startDev,
  stop,
  type Api,
  type RunningConsole,
} from './browser.js'

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

/** Runs a command line as it stands on the page. @returns what it prints */
async function shell(line: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', line])
  return stdout
}

/** What axe finds that keeps someone from using the page. */
async function serious(page: Page): Promise<readonly string[]> {
  // The page's own policy lets no foreign script in; this one comes by the debugger.
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

describeWith('chromium', 'the console in Chromium', () => {
  let browser: Browser
  let api: Api
  let dev: RunningConsole
  let page: Page
  const problems: string[] = []

  beforeAll(async () => {
    browser = await startBrowser(['evil.example'])
    api = await startApi()
    dev = await startDev(`--watch ${api.origin}`)
    api.protect(dev.issuer)
    page = await (await browser.newContext()).newPage()
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(message.text())
    })
    await page.goto(dev.consoleUrl)
  })
  afterAll(async () => {
    await browser.close()
    expect(await dev.end()).toBe(0)
    await api.close()
  })

  const section = (name: string) => page.getByRole('region', { name, exact: true })
  const decisions = () => page.locator('#decision-list')

  test('opens with what an API is configured with', async () => {
    expect(await page.title()).toBe('Development Verifier')
    expect(await section('Verifier').textContent()).toContain(`{ issuer: '${dev.issuer}'`)
  })

  describe('the first hour', () => {
    test('a credential is issued, ready to configure a client with', async () => {
      await section('Credential').getByRole('button', { name: 'Issue a credential' }).click()
      await section('Credential').getByText('PRIVATE_KEY=').waitFor()
    })

    test('a call with the right power is answered with 200, every check ticked', async () => {
      await section('Call').getByLabel('Address').fill(`${api.origin}/offers`)
      await section('Call').getByLabel('Method').selectOption('POST')
      await section('Call').getByRole('button', { name: 'Call the API' }).click()
      await section('Call').getByText('200', { exact: true }).waitFor()
      await decisions().getByText('let through to the route').first().waitFor()
    })

    test('another call is answered with 403; the decision says why, and the cure', async () => {
      await section('Call').getByLabel('Method').selectOption('DELETE')
      await section('Call').getByRole('button', { name: 'Call the API' }).click()
      await section('Call').getByText('403', { exact: true }).waitFor()
      const refused = decisions().getByRole('listitem').filter({ hasText: 'power_missing' }).first()
      await refused.waitFor()
      expect(await refused.textContent()).toMatch(/refused with 403[^]*✗[^]*Cure: /)
    })

    test('the cure works', async () => {
      await section('Call')
        .getByLabel(/^Powers/)
        .fill('DOME/ProductOffering/Delete')
      await section('Call').getByRole('button', { name: 'Call the API' }).click()
      await section('Call').getByText('{"deleted":true}').waitFor()
    })

    test('a token is minted, and decoded beside its checks', async () => {
      await section('Token').getByLabel('Power that the route asks for').fill('DOME/Order/Read')
      await section('Token').getByRole('button', { name: 'Mint a token' }).click()
      const checks = section('What each check says')
      await checks.getByText('power_missing').waitFor()
      expect(await checks.textContent()).toContain('Cure: ')
      expect(await section('The token, decoded').textContent()).toContain('"alg": "ES256"')
    })

    test.each(['expired', 'alg-none', 'id_token', 'fiware: employee'])(
      'a token of the kind %s says why it is refused',
      async (shape) => {
        await section('Token').getByLabel('Power that the route asks for').fill('')
        await section('Token').getByLabel('Kind of token').selectOption(shape)
        await section('Token').getByRole('button', { name: 'Mint a token' }).click()
        await page.locator('#mint-out[aria-busy]').waitFor({ state: 'detached' })
        expect(await page.locator('#mint-out .verdict').textContent()).toContain('Refused')
      },
    )

    test('a refused token request shows the cause that its answer hides', async () => {
      const body = new URLSearchParams({ grant_type: 'client_credentials' })
      const answer = await fetch(`${dev.issuer}/oidc/token`, { method: 'POST', body })
      expect(answer.ok).toBe(false)
      const entry = page.locator('#request-list').getByText('token refused').first()
      await entry.waitFor()
      expect(await page.locator('#request-list').textContent()).toContain('Cure: ')
    })

    test('a fault is set, shown and healed', async () => {
      await section('Faults').getByLabel('Where').selectOption('jwks')
      await section('Faults').getByLabel('What').selectOption('status-500')
      await section('Faults').getByRole('button', { name: 'Set the fault' }).click()
      await page.locator('#state').getByText('status-500').waitFor()
      expect((await fetch(`${dev.issuer}/oidc/jwks`)).status).toBe(500)
      await section('Faults').getByRole('button', { name: 'Heal everything' }).click()
      await page.locator('#state').getByText('none').waitFor()
    })

    test('every action stands there as a command that does the same', async () => {
      const command = section('Faults').locator('form[action$="/rotate"] .curl pre')
      expect(await command.textContent()).toBe(
        `curl -s -X POST ${dev.consoleUrl}/rotate \\\n  --data-urlencode 'keep=no'`,
      )
    })
  })

  describe('where tokens are bound', () => {
    let boundApi: Api
    let oauth: RunningConsole
    let other: Page
    const part = (name: string) => other.getByRole('region', { name, exact: true })

    beforeAll(async () => {
      boundApi = await startBoundApi()
      oauth = await startDev(`--profile oauth --service ${boundApi.origin}`)
      boundApi.protect(oauth.issuer)
      other = await browser.newPage()
      await other.goto(oauth.consoleUrl)
    })
    afterAll(async () => {
      await other.close()
      await oauth.end()
      await boundApi.close()
    })

    test('a minted token stands beside the command that sends it with a proof', async () => {
      await part('Token').getByLabel('Bound to').selectOption('key')
      await part('Token').getByLabel('Address that it is sent to').fill(`${boundApi.origin}/orders`)
      await part('Token').getByRole('button', { name: 'Mint a token' }).click()
      const command = other.locator('#bound-curl')
      await command.waitFor()
      expect(await other.locator('#mint-out').textContent()).toContain('"jkt"')
      for (const _ of ['a proof', 'another proof']) {
        const answer = await shell((await command.textContent())!)
        expect(answer).toContain('HTTP/1.1 200')
      }
    })

    test('a call shows its proof, and a call without one is refused', async () => {
      const outcome = async (token: string) => {
        await part('Call').getByLabel('Address').fill(`${boundApi.origin}/orders`)
        await part('Call').getByLabel('Token', { exact: true }).selectOption(token)
        await part('Call').getByRole('button', { name: 'Call the API' }).click()
        await other.locator('#call-out[aria-busy]').waitFor({ state: 'detached' })
        return other.locator('#call-out .verdict strong').textContent()
      }
      expect(await outcome('key')).toBe('200')
      expect(await outcome('')).toBe('401')
    })

    test('axe finds nothing serious', async () => {
      expect(await serious(other)).toEqual([])
    })
  })

  describe('a hostile token', () => {
    const HOSTILE = '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>'
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

    test('is shown as text, wherever it stands', async () => {
      const claims = { iss: HOSTILE, sub: HOSTILE, aud: [HOSTILE], [HOSTILE]: HOSTILE }
      const token = `${encode({ alg: HOSTILE, kid: HOSTILE, typ: HOSTILE })}.${encode(claims)}.AA`
      await section('Explain').getByLabel('Token', { exact: true }).fill(token)
      await section('Explain').getByRole('button', { name: 'Explain the token' }).click()
      const out = page.locator('#explain-out')
      await out.getByText('Refused').waitFor()
      expect(await out.textContent()).toContain('<script>globalThis.hacked=1</script>')
      expect(await out.locator('img, script').count()).toBe(0)
      expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false)
    })

    test('is shown as text in the lists that others write to', async () => {
      const body = new URLSearchParams({ grant_type: HOSTILE, client_id: HOSTILE })
      await fetch(`${dev.issuer}/oidc/token`, { method: 'POST', body })
      const headers = {
        authorization: `Bearer ${encode({ alg: HOSTILE })}.${encode({ iss: HOSTILE })}.AA`,
      }
      await fetch(`${api.origin}/offers`, { method: 'POST', headers })
      await decisions().getByText('issuer_not_trusted').first().waitFor()
      expect(await page.locator('img').count()).toBe(0)
      expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false)
    })
  })

  describe('whoever is not at this machine', () => {
    let elsewhere: Server
    let foreign: string
    beforeAll(async () => {
      elsewhere = createServer((_, response) => {
        response.setHeader('content-type', 'text/html')
        response.end('<!doctype html><title>elsewhere</title>')
      })
      foreign = await listen(elsewhere)
    })
    afterAll(() => stop(elsewhere))

    test('DNS rebinding: a name that resolves to this machine gets 421', async () => {
      const other = await browser.newPage()
      const { port } = new URL(dev.consoleUrl)
      const answer = await other.goto(`http://evil.example:${port}/console`)
      expect(answer!.status()).toBe(421)
      await other.close()
    })

    test('a page of another origin can neither act nor read', async () => {
      const other = await browser.newPage()
      await other.goto(foreign)
      const keys = async () => (await fetch(`${dev.issuer}/oidc/jwks`)).text()
      const before = await keys()
      const outcome = await other.evaluate(async (console) => {
        const send = (path: string, init: object) =>
          fetch(console + path, init).then(
            () => 'answered',
            () => 'refused',
          )
        // Sent all the same, and answered with 403, which such a page can't see.
        await send('/rotate', { method: 'POST', mode: 'no-cors' })
        return [await send('/rotate', { method: 'POST' }), await send('/events', {})]
      }, dev.consoleUrl)
      expect(outcome).toEqual(['refused', 'refused'])
      expect(await keys()).toBe(before)
      await other.close()
    })

    test('no page can frame the console', async () => {
      const other = await browser.newPage()
      await other.goto(foreign)
      const refused = other.waitForEvent('console', (message) =>
        message.text().includes('frame-ancestors'),
      )
      await other.evaluate((url) => {
        const { document } = globalThis as unknown as { document: { body: { innerHTML: string } } }
        document.body.innerHTML = `<iframe src="${url}"></iframe>`
      }, dev.consoleUrl)
      expect((await refused).text()).toContain('Content Security Policy')
      await other.close()
    })
  })

  describe('everyone can use it', () => {
    test.each(['light', 'dark'] as const)(
      'axe finds nothing serious in %s colours',
      async (scheme) => {
        await page.emulateMedia({ colorScheme: scheme })
        expect(await serious(page)).toEqual([])
      },
    )

    test.each([320, 768, 1_440])('nothing runs out of a screen of %i pixels', async (width) => {
      await page.setViewportSize({ width, height: 800 })
      const { wide } = await page.evaluate(() => {
        const { document } = globalThis as unknown as {
          document: { documentElement: { scrollWidth: number } }
        }
        return { wide: document.documentElement.scrollWidth }
      })
      expect(wide).toBeLessThanOrEqual(width)
    })

    test('the keyboard reaches the content first, then every form', async () => {
      await page.reload()
      await page.keyboard.press('Tab')
      expect(await page.locator(':focus').textContent()).toBe('To the content')
      await page.keyboard.press('Enter')
      await section('Credential').getByLabel('Of a').focus()
      await page.keyboard.press('Tab')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await section('Credential').getByText('PRIVATE_KEY=').waitFor()
    })

    test('what happens moves nothing that is being read', async () => {
      await page.reload()
      await fetch(new URL('/dev/token', dev.consoleUrl))
      await page.locator('#request-list').getByText('token issued').first().waitFor()
      const places = () =>
        page
          .locator('h2')
          .evaluateAll((all) =>
            all.map((one) => (one as unknown as { offsetTop: number }).offsetTop),
          )
      const before = await places()
      const shown = await page.locator('#request-list li').count()
      for (let count = 0; count < 5; count += 1) await fetch(new URL('/dev/token', dev.consoleUrl))
      await page
        .locator('#request-list li')
        .nth(shown + 4)
        .waitFor()
      expect(await places()).toEqual(before)
    })

    test('the page itself has nothing to complain of', () => {
      // What the browser says of answers that are meant to fail is not the page's.
      expect(problems.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([])
    })
  })
})
