import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import type { AxeResults } from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'
import { describeWith } from '../programs.js'
import { root } from './snippets.js'

/*
 * Builds the site as it is published, reference included, and reads it in a browser.
 */
const BUILD_TIME = 1_200_000
const READING_TIME = 600_000
/** The width of a phone's screen, in pixels. */
const PHONE = 390

const run = promisify(execFile)
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

/** Builds the site from a copy, so that no other test sees pages that are half made. */
async function build(folder: string): Promise<string> {
  const site = join(folder, 'docs')
  cpSync(join(root, 'docs'), site, {
    recursive: true,
    filter: (source) => !/\.vitepress\/(?:cache|dist)|reference\/api/.test(source),
  })
  for (const name of ['node_modules', 'packages']) symlinkSync(join(root, name), join(folder, name))
  const vitepress = join(root, 'node_modules/vitepress/bin/vitepress.js')
  await run(process.execPath, [join(root, 'packages/build/reference.mjs'), site])
  await run(process.execPath, [vitepress, 'build', site])
  return join(site, '.vitepress/dist')
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/** Serves files as any web server does. */
function serveFiles(folder: string): Server {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site.example')
    const file = join(folder, pathname.endsWith('/') ? `${pathname}index.html` : pathname)
    if (!existsSync(file)) return void response.writeHead(404).end()
    response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream')
    response.end(readFileSync(file))
  })
}

/** The parts of a browser's document that these tests read. */
interface Scope {
  readonly axe: { run(): Promise<AxeResults> }
  readonly document: {
    readonly documentElement: { readonly scrollWidth: number }
    querySelectorAll(selector: string): Iterable<{ readonly id: string; readonly href: string }>
  }
}

/** What a page links to, what it can be linked to by, and how wide it is. */
interface Found {
  readonly links: readonly string[]
  readonly ids: readonly string[]
  readonly width: number
}

interface Read extends Found {
  readonly status: number
}

function readPage(page: Page): Promise<Found> {
  return page.evaluate(() => {
    const { document } = globalThis as unknown as Scope
    return {
      links: [...document.querySelectorAll('a[href]')].map(({ href }) => href),
      ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
      width: document.documentElement.scrollWidth,
    }
  })
}

/** What axe finds that keeps a reader from the page. */
async function serious(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => (globalThis as unknown as Scope).axe.run())
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

describeWith('chromium', 'the site', (executablePath) => {
  let folder: string
  let server: Server | undefined
  let origin: string
  let browser: Browser | undefined
  let page: Page
  /** The address of every page, below the origin. */
  let paths: readonly string[]
  const problems: string[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'site-'))
    const built = await build(folder)
    paths = readdirSync(built, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.html') && name !== '404.html')
      .map((name) => `/${name}`)
    server = serveFiles(built)
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    // Chromium's own sandbox does not run as root, as in a container.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    browser = await chromium.launch({ executablePath, args })
    page = await browser.newPage()
    page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`))
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        problems.push(`${page.url()}: ${message.text()}`)
    })
    page.on('request', (request) => {
      const url = request.url()
      if (!url.startsWith(origin) && !url.startsWith('data:')) problems.push(`asks for ${url}`)
    })
  }, BUILD_TIME)
  afterAll(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
    rmSync(folder, { recursive: true })
  })

  const open = (path: string) => page.goto(origin + path, { waitUntil: 'networkidle' })

  describe('every page, on a phone', () => {
    const read = new Map<string, Read>()
    beforeAll(async () => {
      await page.setViewportSize({ width: PHONE, height: 844 })
      for (const path of paths) {
        const answer = await open(path)
        read.set(path, { ...(await readPage(page)), status: answer!.status() })
      }
    }, READING_TIME)
    const those = (wrong: (one: Read) => boolean) =>
      [...read].filter(([, one]) => wrong(one)).map(([path]) => path)

    test('loads, complains of nothing, and asks no other origin', () => {
      expect(read.size).toBeGreaterThan(40)
      expect(those(({ status }) => status !== 200)).toEqual([])
      expect(problems).toEqual([])
    })

    test('links to pages and anchors that exist', () => {
      expect(brokenLinks(read, origin)).toEqual([])
    })

    test('does not run out of the screen', () => {
      expect(those(({ width }) => width > PHONE)).toEqual([])
    })
  })

  test('the search finds an error by its code', async () => {
    await page.setViewportSize({ width: 1_280, height: 900 })
    await open('/')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByRole('searchbox').fill('power_missing')
    const first = page.locator('.VPLocalSearchBox .result').first()
    await first.waitFor()
    expect(await first.getAttribute('href')).toBe('/errors.html#power_missing')
  })

  test('a tab of the first page shows the code of its framework, and no other', async () => {
    await open('/start/')
    const code = (framework: string) =>
      page
        .locator('.vp-code-group .blocks > div')
        .filter({ hasText: `@verifier-guard/${framework}` })
    expect(await code('express').isVisible()).toBe(true)
    await page.locator('.vp-code-group .tabs label', { hasText: 'Koa' }).click()
    await code('koa').waitFor()
    expect(await code('express').isVisible()).toBe(false)
  })

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    test.each([
      '/',
      '/start/',
      '/start/concepts.html',
      '/start/generations.html',
      '/runbook/',
      '/runbook/token.html',
      '/runbook/guarantees.html',
      '/errors.html',
      '/guides/explain.html',
      '/packages/cli.html',
      '/architecture/',
      '/reference/options.html',
    ])('axe finds nothing serious on %s', async (path) => {
      await page.emulateMedia({ colorScheme })
      await open(path)
      expect(await serious(page)).toEqual([])
    })
  })
})

/** The links within the site whose page or anchor does not exist, as "page: link". */
function brokenLinks(read: ReadonlyMap<string, Read>, origin: string): readonly string[] {
  const leadsNowhere = (link: string) => {
    if (!link.startsWith(`${origin}/`)) return false
    const { pathname, hash } = new URL(link)
    const target = read.get(pathname.endsWith('/') ? `${pathname}index.html` : pathname)
    return (
      target === undefined ||
      (hash !== '' && !target.ids.includes(decodeURIComponent(hash.slice(1))))
    )
  }
  return [...read].flatMap(([path, { links }]) =>
    links.filter(leadsNowhere).map((link) => `${path}: ${link}`),
  )
}
