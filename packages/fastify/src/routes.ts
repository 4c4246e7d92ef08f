/*
 * The routes of an application, read from the tree that Fastify prints of them. Nothing else names
 * those that were stated before a plugin was loaded, and the hooks that stand before each.
 */
import type { FastifyInstance } from 'fastify'

/** A route, with the names of the `onRequest` hooks of its own and of its scopes. */
export interface PrintedRoute {
  readonly method: string
  readonly url: string
  readonly hooks: readonly string[]
}

/** What is drawn, four characters for each node around; then what it says. */
const LINE = /^(?<drawn>(?:[│ ] {3})*(?:[├└]── )?)(?<text>.*)$/
const HOOKS = /^• \(onRequest\) (?<names>\[.*\])$/
const NODE = /^(?<part>.*?)(?: \((?<methods>[A-Z][A-Z, -]*)\)(?: \{.*\})?)?$/
const NO_PATH = '(empty root node)'

/** Every route of an application whose plugins are loaded. */
export function routesOf(app: FastifyInstance): readonly PrintedRoute[] {
  const nodes: PrintedRoute[][] = []
  const path: string[] = []
  for (const line of app.printRoutes({ includeMeta: ['onRequest'] }).split('\n')) {
    const { drawn = '', text = '' } = LINE.exec(line)?.groups ?? {}
    const names = HOOKS.exec(text)?.groups?.['names']
    if (names === undefined) nodes.push(readNode(path, drawn.length / 4, text))
    else nodes.push((nodes.pop() ?? []).map((route) => ({ ...route, hooks: readNames(names) })))
  }
  return nodes.flat()
}

/** The routes of one node. Its path is that of the nodes around it, and its own part. */
function readNode(path: string[], depth: number, text: string): PrintedRoute[] {
  const { part = '', methods } = NODE.exec(text)?.groups ?? {}
  path.splice(depth - 1, path.length, part === NO_PATH ? '' : part)
  if (methods === undefined) return []
  const url = path.join('')
  return methods.split(', ').map((method) => ({ method, url, hooks: [] }))
}

/** Fastify prints functions as `name()`. */
function readNames(json: string): readonly string[] {
  return (JSON.parse(json) as string[]).map((name) => name.replace(/\(\)$/, ''))
}
