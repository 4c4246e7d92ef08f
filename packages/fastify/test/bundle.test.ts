import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(__dirname, '../../..')

/** What a bundler makes of a file that uses one thing of this package. */
function bundle(use: string): string {
  const shape = [
    '--bundle',
    '--format=esm',
    '--platform=node',
    '--conditions=@verifier-guard/source',
    '--minify',
  ]
  const input = `import { ${use} } from '@verifier-guard/fastify'\nconsole.log(${use}('a'))`
  return execFileSync(join(root, 'node_modules/esbuild/bin/esbuild'), shape, {
    cwd: root,
    input,
    encoding: 'utf8',
  })
}

test.each(['auth', 'requiredScopes'])(
  'a bundle that only uses %s still watches what instances are made',
  (use) => {
    expect(bundle(use)).toContain('fastify.initialization')
  },
)
