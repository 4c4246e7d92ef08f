/*
 * Pictures of the site, to look at: the first page, a page of the runbook, the errors, a phone.
 * Usage: npm run docs:build && node packages/build/screenshots.mjs FOLDER
 */
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { serve } from 'vitepress'
import { root } from './manifests.mjs'

const folder = process.argv[2]
if (folder === undefined) throw new Error('expected a folder for the pictures, found none')

const DESK = { width: 1_280, height: 900 }
const PHONE = { width: 390, height: 844 }

/** Name, page, colours and screen. */
const PICTURES = [
  ['home', '/', 'light', DESK],
  ['start', '/start/', 'light', DESK],
  ['start-dark', '/start/', 'dark', DESK],
  ['token', '/runbook/token.html', 'light', DESK],
  ['errors', '/errors.html#power_missing', 'light', DESK],
  ['explain', '/guides/explain.html', 'light', DESK],
  ['options', '/reference/options.html', 'dark', DESK],
  ['phone-home', '/', 'light', PHONE],
  ['phone-start', '/start/', 'light', PHONE],
  ['phone-errors', '/errors.html#power_missing', 'dark', PHONE],
]

const port = 4_173
await serve({ root: join(root, 'docs'), port })
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
const page = await browser.newPage()
for (const [name, path, colorScheme, screen] of PICTURES) {
  await page.setViewportSize(screen)
  await page.emulateMedia({ colorScheme })
  await page.goto(`http://localhost:${port}${path}`, { waitUntil: 'networkidle' })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}
await browser.close()
process.exit()
