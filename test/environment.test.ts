import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const jestCommand = createRequire(__filename).resolve('jest/bin/jest')
const folder = mkdtempSync(join(tmpdir(), 'environment-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs suites of one test with this body each, in one process, in a project of its own. */
function run(
  body: string,
  suites: readonly string[] = ['one'],
): Promise<{ readonly code: number; readonly output: string }> {
  writeFileSync(join(folder, 'package.json'), '{}')
  for (const name of suites)
    writeFileSync(join(folder, `${name}.test.js`), `test('the test', async () => { ${body} })`)
  const environment = join(__dirname, 'environment.cjs')
  const parameters = [jestCommand, '--env', environment, '--runInBand', ...suites]
  return new Promise((resolve) =>
    execFile(process.execPath, parameters, { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: (error?.code as number | undefined) ?? 0, output: stdout + stderr }),
    ),
  )
}

const leak = `const { EventEmitter } = require('events')
  const many = new EventEmitter()
  for (let n = 0; n < 11; n += 1) many.on('event', () => {})`

test.each([
  ['VerifierGuardWarning', "process.emitWarning('look', 'VerifierGuardWarning')"],
  ['DeprecationWarning', "process.emitWarning('old', 'DeprecationWarning')"],
  ['MaxListenersExceededWarning', leak],
])('a suite fails by a %s, with the name of the test', async (name, body) => {
  const { code, output } = await run(body)
  expect(code).toBe(1)
  expect(output).toContain(`${name} in "the test": `)
})

test('a suite passes without a warning', async () => {
  expect((await run('')).code).toBe(0)
})

test('what a suite leaves behind neither hears the next one nor is heard in it', async () => {
  const body = `const { channel } = require('diagnostics_channel')
  const denied = channel('verifier-guard:denied')
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(denied.hasSubscribers).toBe(false)
  denied.subscribe(() => {})
  setTimeout(() => process.emitWarning('late', 'VerifierGuardWarning'), 100)`
  const { code, output } = await run(body, ['first', 'second'])
  expect(output).toContain('2 passed')
  expect(code).toBe(0)
})
