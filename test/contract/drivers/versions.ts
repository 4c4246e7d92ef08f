import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Application, Driver, Running } from '../application.js'

/** Loads a package by the alias it is installed under. */
const load = createRequire(__filename)

/**
 * A driver for each version of a framework: one that is not installed, or does not load on the Node
 * at hand, is named with the reason.
 *
 * @param aliases what the versions are installed under
 * @param build gets what the package exports, by default where there is such
 * @param traits what holds for all of them; `variant` tells drivers of the same version apart
 */
export function driversOf<Framework>(
  framework: string,
  aliases: readonly string[],
  build: (framework: Framework, application: Application) => Promise<Running>,
  { variant = '', ...traits }: Omit<Driver, 'name' | 'build'> & { readonly variant?: string },
): readonly Driver[] {
  return aliases.map((alias) => {
    try {
      const exported = load(alias) as Framework & { readonly default?: Framework }
      const name = `${framework} ${versionOf(alias)} ${variant}`.trimEnd()
      return { ...traits, name, build: (app) => build(exported.default ?? exported, app) }
    } catch (error) {
      const unavailable = `does not load on Node ${process.versions.node}: ${(error as Error).message}`
      const name = `${framework} (${alias}) ${variant}`.trimEnd()
      return { ...traits, name, unavailable, build: () => Promise.reject(new Error(unavailable)) }
    }
  })
}

function versionOf(alias: string): string {
  const manifest = join(__dirname, '../../../node_modules', alias, 'package.json')
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
