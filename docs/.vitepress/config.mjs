import { defineConfig } from 'vitepress'
import { anchorOf, linkOnSite } from '../../packages/build/sources.mjs'
import { SECTIONS } from './sections.mjs'

export default defineConfig({
  title: 'verifier-guard',
  description: 'Access tokens of DOME / EUDIStack Verifiers, machine to machine',
  lang: 'en',
  // A page that links to nowhere does not build.
  ignoreDeadLinks: false,
  head: [['link', { rel: 'icon', href: '/mark.svg', type: 'image/svg+xml' }]],
  markdown: {
    anchor: { slugify: anchorOf },
    config: linkOnSite,
    languageAlias: { caddy: 'nginx', haproxy: 'ini' },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  themeConfig: {
    logo: '/mark.svg',
    search: { provider: 'local' },
    outline: [2, 3],
    nav: Object.entries(SECTIONS).map(([text, [[, page]]]) => ({
      text,
      link: `/${page}`,
    })),
    sidebar: Object.entries(SECTIONS).map(([text, pages]) =>
      pages.length === 1 ? { text, link: `/${pages[0][1]}` } : { text, items: pages.map(toItem) },
    ),
  },
})

function toItem([text, page]) {
  return { text, link: `/${page}` }
}
