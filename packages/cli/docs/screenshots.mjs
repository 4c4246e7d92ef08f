/*
 * The screenshots of these pages, of a real console in a real Chromium:
 * `node packages/build/prepare.mjs && node packages/cli/docs/screenshots.mjs`.
 */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import express from 'express'
import { chromium } from 'playwright-core'
import { auth, requiredPower } from '@verifier-guard/express'
import { watchDecisions, WATCH_PATH } from '@verifier-guard/core/explain'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const power = (action) => requiredPower({ domain: 'DOME', function: 'ProductOffering', action })

const app = express()
app.get(WATCH_PATH, watchDecisions())
const api = createServer(app)
await new Promise((resolve) => api.listen(3_000, '127.0.0.1', resolve))
const origin = 'http://127.0.0.1:3000'

const command = spawn(process.execPath, [
  here('../dist/esm/command.js'),
  ...['dev', '--json', '--watch', origin],
])
const [printed] = await new Promise((resolve) =>
  command.stdout.once('data', (data) => resolve([data])),
)
const { console: address, issuer } = JSON.parse(printed)
app.use('/offers', auth({ issuer, profile: 'eudistack', events: { denied: () => {} } }))
app.post('/offers', power('Create'), (_, response) => response.json({ created: true }))
app.delete('/offers', power('Delete'), (_, response) => response.json({ deleted: true }))

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
const page = await browser.newPage({ viewport: { width: 1_100, height: 900 } })
await page.goto(address)
const part = (name) => page.getByRole('region', { name, exact: true })

await part('Token').getByLabel('Kind of token').selectOption('expired')
await part('Token').getByRole('button', { name: 'Mint a token' }).click()
await page.locator('#mint-out .verdict').waitFor()
await part('Call').getByLabel('Address').fill(`${origin}/offers`)
for (const method of ['POST', 'DELETE']) {
  await part('Call').getByLabel('Method').selectOption(method)
  await part('Call').getByRole('button', { name: 'Call the API' }).click()
  await page.locator('#decision-list li').first().waitFor()
}
await page.locator('#decision-list').getByText('power_missing').waitFor()
await fetch(`${issuer}/oidc/token`, {
  method: 'POST',
  body: 'scope=x',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
})
await page.locator('#request-list').getByText('token refused').waitFor()

await shoot('console-light', 'light', page)
await shoot('console-dark', 'dark', page)
await shoot('console-token', 'light', part('Token'))
await shoot('console-decisions', 'light', part('Decisions'))
await page.setViewportSize({ width: 380, height: 800 })
await shoot('console-small', 'dark', page)

await browser.close()
command.kill()
api.closeAllConnections()
api.close()

async function shoot(name, colorScheme, what) {
  await page.emulateMedia({ colorScheme })
  await page.evaluate(() => globalThis.scrollTo(0, 0))
  await what.screenshot({ path: here(`${name}.png`) })
}
