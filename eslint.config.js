import eslint from '@eslint/js'
import jsdoc from 'eslint-plugin-jsdoc'
import tseslint from 'typescript-eslint'

/** What comes through the `runtime` seam, so that tests can hold it. */
const GLOBALS_BEHIND_THE_SEAM = [
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'performance',
  'process',
].map((name) => ({ name, message: 'Take it from the runtime seam.' }))

const LONG_LINES = {
  code: 100,
  ignoreUrls: true,
  ignoreStrings: true,
  ignoreTemplateLiterals: true,
  ignoreRegExpLiterals: true,
  ignorePattern: '^ +0x[0-9a-f]+n,$',
}

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      '**/node_modules/',
      '**/.turbo/',
      'test/package/projects/',
      'test/types/files/',
    ],
  },
  eslint.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'max-len': ['error', LONG_LINES],
      // One statement for each module, types marked within it.
      'no-duplicate-imports': ['error', { includeExports: false, allowSeparateTypeImports: false }],
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      // What these packages make are closures, not classes: their methods may be taken apart.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    plugins: { jsdoc },
    settings: { jsdoc: { mode: 'typescript', tagNamePreference: { template: 'typeParam' } } },
    rules: {
      // A function is one step.
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector:
            ':matches(Program, ExportNamedDeclaration) > VariableDeclaration > VariableDeclarator:not([id.typeAnnotation]) > ArrowFunctionExpression.init[body.type="BlockStatement"]',
          message: 'Declare it as a function.',
        },
      ],
      'jsdoc/check-alignment': 'error',
      'jsdoc/check-tag-names': [
        'error',
        { definedTags: ['packageDocumentation'], inlineTags: ['link'] },
      ],
      'jsdoc/no-types': 'error',
      'jsdoc/require-hyphen-before-param-description': ['error', 'never'],
      'jsdoc/require-param-description': 'error',
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: { esm: true },
          require: { FunctionDeclaration: true, ClassDeclaration: true },
          enableFixer: false,
        },
      ],
    },
  },
  {
    // Decorators in an example look like tags.
    files: ['packages/nestjs/src/**/*.ts'],
    rules: { 'jsdoc/check-tag-names': 'off' },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: [
      'packages/*/src/runtime.ts',
      'packages/core/src/kit/runtime.ts',
      'packages/*/src/command.ts',
    ],
    rules: {
      'no-restricted-globals': ['error', ...GLOBALS_BEHIND_THE_SEAM],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take it from the runtime seam.' },
        { object: 'Math', property: 'random', message: 'Take it from the runtime seam.' },
        {
          object: 'URL',
          property: 'canParse',
          message: 'Use readUrl: compiled by Node.js 20, it refuses every non-ASCII text.',
        },
      ],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'Buffer',
          'URL',
          'console',
          'fetch',
          'module',
          'performance',
          'process',
          'require',
          'setTimeout',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
)
