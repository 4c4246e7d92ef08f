/** Pages that are published with a package, and where they stand on the site. */
export const GUIDES = {
  'start/powers.md': 'packages/core/docs/from-powers-to-routes.md',
  'guides/authorization-servers.md': 'packages/core/docs/authorization-servers.md',
  'guides/proof-of-possession.md': 'packages/core/docs/proof-of-possession.md',
  'guides/audit.md': 'packages/core/docs/audit.md',
  'guides/probes.md': 'packages/core/docs/probes.md',
  'guides/tokens-elsewhere.md': 'packages/core/docs/tokens-elsewhere.md',
  'guides/migrate-express.md': 'packages/express/docs/migration.md',
  'guides/migrate-koa.md': 'packages/koa/docs/migration.md',
  'guides/migrate-nestjs.md': 'packages/nestjs/docs/migration.md',
}
