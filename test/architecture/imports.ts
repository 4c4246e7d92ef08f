import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

/** The source files below a folder, by their path in it. */
export function sources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
}

/** Every module that a file names, as the compiler reads it: for code or for types alone. */
export function imports(folder: string, file: string): readonly string[] {
  const path = join(folder, file)
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest)
  return specifiers(source)
}

function specifiers(node: ts.Node): readonly string[] {
  const found: string[] = []
  const named = moduleNamedBy(node)
  if (named !== undefined && ts.isStringLiteralLike(named)) found.push(named.text)
  ts.forEachChild(node, (child) => void found.push(...specifiers(child)))
  return found
}

function moduleNamedBy(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal
  const isDynamic =
    ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
  return isDynamic ? node.arguments[0] : undefined
}
