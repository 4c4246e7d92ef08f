import { compile, compilerFolder } from './compiler.js'

const MINUTE = 60_000

/** How users' compilers find a package: by its `exports`, or by `typesVersions` before them. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  'the modules of Node.js': [],
  'a bundler': ['--module', 'esnext', '--moduleResolution', 'bundler'],
  'the old modules of Node.js': ['--module', 'esnext', '--moduleResolution', 'node10'],
}

describe.each(['5.5', '5.9'])('without @types/node, to TypeScript %s', (version) => {
  test.each(Object.entries(WAYS))(
    'the declarations have no errors, found by the way of %s',
    async (_, flags) => {
      const { files, diagnostics } = await compile(
        compilerFolder(version),
        'tsconfig.without-node.json',
        flags,
      )
      // What frameworks declare may be too new for a compiler.
      expect(diagnostics.filter(({ file }) => !file.includes('/node_modules/'))).toEqual([])
      expect(files.filter((file) => file.includes('/@types/node/'))).toEqual([])
      expect(files.filter((file) => file.endsWith('/without-node/portable.ts'))).toHaveLength(1)
    },
    MINUTE,
  )
})
