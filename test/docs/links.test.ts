import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { committed, documents, root } from './snippets.js'

/*
 * Reads every document as GitHub shows it: what a link leads to has to be in the repository.
 */
const tree = new Set(committed().flatMap((file) => [file, ...foldersOf(file)]))
const all = documents()

function foldersOf(file: string): readonly string[] {
  const folder = posix.dirname(file)
  return folder === '.' ? [] : [folder, ...foldersOf(folder)]
}

interface Sources {
  anchorOf(heading: string): string
}
const sources = () => import(join(root, 'packages/build/sources.mjs')) as Promise<Sources>

/** A document without its code. */
function prose(file: string): string {
  return readFileSync(join(root, file), 'utf8').replace(/^```[^]*?^```$/gm, '')
}

/** The links and pictures of a document that lead to no other host. */
function linksOf(file: string): readonly string[] {
  const found = [...prose(file).matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)]
  return found.map(([, link, source]) => link ?? source!).filter((link) => !/^[a-z]+:/.test(link))
}

/** The anchors of a document's headings: a heading that comes again gets a number. */
async function anchorsOf(file: string): Promise<ReadonlySet<string>> {
  const { anchorOf } = await sources()
  const anchors = new Set<string>()
  for (const [, heading] of prose(file).matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = anchorOf(heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', ''))
    let number = 0
    while (anchors.has(number === 0 ? anchor : `${anchor}-${number}`)) number++
    anchors.add(number === 0 ? anchor : `${anchor}-${number}`)
  }
  return anchors
}

async function leadsSomewhere(file: string, link: string): Promise<boolean> {
  const [path, anchor] = link.split('#') as [string, string?]
  const written = posix.join(posix.dirname(file), decodeURIComponent(path)).replace(/\/$/, '')
  const target = path === '' ? file : written
  if (path.startsWith('/') || !tree.has(target)) return false
  return anchor === undefined || (await anchorsOf(target)).has(anchor)
}

test('there are documents with links', () => {
  expect(all.length).toBeGreaterThan(40)
  expect(all.flatMap(linksOf).length).toBeGreaterThan(200)
})

test('no document has notes or anchors that GitHub shows as text', () => {
  const foreign = /^:::(?! code-group$|$)| \{#\w/m
  expect(all.filter((file) => foreign.test(prose(file)))).toEqual([])
})

test.each(all)('every relative link of %s leads to a file and a section', async (file) => {
  const links = linksOf(file)
  const found = await Promise.all(links.map((link) => leadsSomewhere(file, link)))
  expect(links.filter((_, index) => !found[index])).toEqual([])
})
