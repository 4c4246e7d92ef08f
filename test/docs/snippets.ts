import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export const root = join(__dirname, '../..')

/** The files of the repository, as paths below its root. */
export function committed(): readonly string[] {
  return execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
}

/** Every document of the repository: its Markdown. */
export function documents(): readonly string[] {
  return committed().filter((file) => file.endsWith('.md'))
}

/** A piece of TypeScript that documentation shows. */
export interface Snippet {
  /** Where it stands, as `file:line`. */
  readonly place: string
  readonly code: string
}

/** Every TypeScript block of the READMEs, the pages and the TSDoc of the packages. */
export function snippets(): readonly Snippet[] {
  const folders = ['packages', 'examples'].flatMap((top) =>
    readdirSync(join(root, top)).map((name) => join(root, top, name)),
  )
  const pages = [
    ...[root, ...folders, ...folders.map((folder) => join(folder, 'docs'))].flatMap((folder) =>
      list(folder, '.md'),
    ),
    ...site(),
  ]
  const sources = folders.flatMap((folder) => list(join(folder, 'src'), '.ts'))
  return [
    ...pages.flatMap((page) => blocks(page, '')),
    ...sources.flatMap((source) => blocks(source, ' \\* ?')),
  ]
}

/** The pages of the site that are written by hand. Those that are made are ignored by git. */
export function site(): readonly string[] {
  const made = readFileSync(join(root, '.gitignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('docs/'))
  const pages = list(join(root, 'docs'), '.md', true)
  return pages.filter((page) => !made.some((path) => relative(root, page).startsWith(path)))
}

/** The fenced blocks of a file whose lines all begin with a margin. */
function blocks(file: string, margin: string): readonly Snippet[] {
  const text = readFileSync(file, 'utf8')
  const fence = new RegExp(`^${margin}\`\`\`ts(?: \\[.*\\])?\\n([\\s\\S]*?)^${margin}\`\`\`$`, 'gm')
  return [...text.matchAll(fence)].map((match) => ({
    place: `${relative(root, file)}:${text.slice(0, match.index).split('\n').length}`,
    code: match[1]!.replace(new RegExp(`^${margin}`, 'gm'), ''),
  }))
}

function list(folder: string, ending: string, recursive = ending === '.ts'): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { encoding: 'utf8', recursive })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
}
