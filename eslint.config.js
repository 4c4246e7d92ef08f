import eslint from '@eslint/js'
import tseslint from 'typescript-eslint'

/**
 * Time, network, randomness and the environment are reached through the `runtime` seam alone, so
 * that tests can hold them.
 */
const globalsBehindTheSeam = [
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'performance',
  'process',
].map((name) => ({
  name,
  message: 'Take it from the runtime seam.',
}))

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
      eqeqeq: 'error',
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: [
      'packages/*/src/runtime.ts',
      'packages/core/src/kit/runtime.ts',
      'packages/*/src/command.ts',
    ],
    rules: {
      'no-restricted-globals': ['error', ...globalsBehindTheSeam],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take it from the runtime seam.' },
        { object: 'Math', property: 'random', message: 'Take it from the runtime seam.' },
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
