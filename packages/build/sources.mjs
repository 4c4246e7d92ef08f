/*
 * Pages of the site whose text stands elsewhere in the repository. Documents link to the text, so
 * that their links lead somewhere on GitHub too. On the site, such a link leads to the page.
 */
import { posix } from 'node:path'
import { packages, project } from './manifests.mjs'

/** Where a page stands on the site, and the text that it is made of. */
export const SOURCES = {
  'start/powers.md': 'packages/core/docs/from-powers-to-routes.md',
  'guides/authorization-servers.md': 'packages/core/docs/authorization-servers.md',
  'guides/proof-of-possession.md': 'packages/core/docs/proof-of-possession.md',
  'guides/audit.md': 'packages/core/docs/audit.md',
  'guides/probes.md': 'packages/core/docs/probes.md',
  'guides/tokens-elsewhere.md': 'packages/core/docs/tokens-elsewhere.md',
  'guides/migrate-express.md': 'packages/express/docs/migration.md',
  'guides/migrate-koa.md': 'packages/koa/docs/migration.md',
  'guides/migrate-nestjs.md': 'packages/nestjs/docs/migration.md',
  'runbook/guarantees.md': 'SECURITY.md',
  ...Object.fromEntries(
    packages.map(({ folder }) => [`packages/${folder}.md`, `packages/${folder}/README.md`]),
  ),
}

const PLACES = new Map(Object.entries(SOURCES).map(([place, source]) => [source, place]))
const REPOSITORY = project.repository.url.replace(/^git\+|\.git$/g, '')

/**
 * Has the links of a page lead to where their targets stand on the site. A target that has no page
 * there is linked in the repository.
 */
export function linkOnSite(md) {
  md.core.ruler.push('link-on-site', ({ tokens, env }) => {
    const page = posix.join('docs', env.relativePath)
    const source = env.frontmatter?.source ?? page
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type === 'image') moveAttribute(token, 'src', (path) => from(page, source, path))
      if (token.type === 'link_open') moveAttribute(token, 'href', (path) => target(source, path))
    }
  })
}

function moveAttribute(token, name, move) {
  const value = token.attrGet(name)
  if (!/^(?:[a-z]+:|[#/])/.test(value)) token.attrSet(name, move(value))
}

function from(page, source, path) {
  return posix.relative(posix.dirname(page), posix.join(posix.dirname(source), path))
}

function target(source, link) {
  const [path, ...anchor] = link.split(/(?=#)/)
  const file = posix.join(posix.dirname(source), path)
  const place = PLACES.get(file) ?? (file.startsWith('docs/') ? file.slice(5) : undefined)
  return (place === undefined ? `${REPOSITORY}/blob/main/${file}` : `/${place}`) + anchor.join('')
}

/** An anchor as GitHub makes it of a heading, so that a link to it leads there on both. */
export function anchorOf(heading) {
  const kept = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '')
  return kept.trim().replaceAll(' ', '-')
}
