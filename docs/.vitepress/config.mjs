import { defineConfig } from 'vitepress'

/** Pages in the order in which a reader needs them: title, and file without its ending. */
const SECTIONS = {
  Start: [
    ['Ten minutes', 'start/'],
    ['Concepts', 'start/concepts'],
    ['Which Verifier do I have?', 'start/generations'],
    ['From powers to routes', 'start/powers'],
  ],
  'Runbook, machine to machine': [
    ['The flow in four steps', 'runbook/'],
    ['1. Register, credential and key', 'runbook/register'],
    ['2. Get a token', 'runbook/token'],
    ['3. Call the API', 'runbook/call'],
    ['4. Validate the token', 'runbook/validate'],
    ['For the integrator', 'runbook/integrator'],
    ['For the API developer', 'runbook/developer'],
    ['For the SRE', 'runbook/sre'],
    ['For the security engineer', 'runbook/security'],
  ],
  'Errors by code': [['Errors by code', 'errors']],
  Guides: [
    ['Settings for my authorization server', 'guides/authorization-servers'],
    ['Testing with the development Verifier', 'guides/testing'],
    ['Operate', 'guides/operate'],
    ['Explain a denial', 'guides/explain'],
    ['Proof of possession', 'guides/proof-of-possession'],
    ['Behind a proxy', 'guides/proxy'],
    ['WebSockets, SSE and cookies', 'guides/transports'],
    ['Tenants', 'guides/tenants'],
    ['Status of credentials', 'guides/status'],
    ['Migrate an Express API', 'guides/migrate-express'],
    ['Migrate a Koa API', 'guides/migrate-koa'],
    ['Migrate a NestJS API', 'guides/migrate-nestjs'],
  ],
  Architecture: [
    ['A request, and the life of a token', 'architecture/'],
    ['Where to change what', 'architecture/changes'],
    ['Decisions', 'architecture/decisions/'],
  ],
  Reference: [
    ['Packages', 'reference/'],
    ['Options', 'reference/options'],
    ['Defaults and their reasons', 'reference/defaults'],
    ['Measured', 'reference/measured'],
    ['What a version promises', 'reference/versions'],
  ],
}

export default defineConfig({
  title: 'verifier-guard',
  description: 'Access tokens of DOME / EUDIStack Verifiers, machine to machine',
  lang: 'en',
  // A page that links to nowhere does not build.
  ignoreDeadLinks: false,
  head: [['link', { rel: 'icon', href: '/mark.svg', type: 'image/svg+xml' }]],
  markdown: { theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } },
  themeConfig: {
    logo: '/mark.svg',
    search: { provider: 'local' },
    outline: [2, 3],
    nav: Object.entries(SECTIONS).map(([text, [[, page]]]) => ({
      text: text.split(',')[0],
      link: `/${page}`,
    })),
    sidebar: Object.entries(SECTIONS).map(([text, pages]) => ({
      text,
      collapsed: false,
      items: pages.map(([title, page]) => ({ text: title, link: `/${page}` })),
    })),
  },
})
