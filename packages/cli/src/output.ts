/*
 * What the command prints: text for people, or one JSON document.
 */
import { styleText } from 'node:util'
import type { CliRuntime } from './runtime.js'

/** The verdict of one line of a report. */
export type Mark = 'good' | 'warning' | 'bad' | 'undecided' | 'skipped'

/** One line of a report, with what was expected and found, and what to do. */
export interface Finding {
  readonly name: string
  readonly mark: Mark
  readonly expected: string
  readonly found: string
  readonly cure?: string | undefined
  readonly code?: string | undefined
}

type Style = Parameters<typeof styleText>[0]

const MARKS: Readonly<Record<Mark, { readonly sign: string; readonly style: Style }>> = {
  good: { sign: '✓', style: 'green' },
  warning: { sign: '!', style: 'yellow' },
  bad: { sign: '✗', style: 'red' },
  undecided: { sign: '?', style: 'yellow' },
  skipped: { sign: '-', style: 'gray' },
}

/** Whether a result is printed as JSON. */
export interface OutputOptions {
  readonly json?: boolean
  /** False for `--no-color`. */
  readonly color?: boolean
}

/** Prints results. */
export interface Printer {
  /** Prints the one result of a command: the value as JSON, or its lines. */
  result(value: unknown, lines: () => readonly string[]): void
  /** The lines of a finding; one that is good takes one line. */
  finding(finding: Finding): readonly string[]
  strong(text: string): string
}

/** Makes a printer: colours only on a terminal, and never against `NO_COLOR`. */
export function createPrinter(runtime: CliRuntime, { json, color }: OutputOptions): Printer {
  const { env, isTerminal, out } = runtime
  const isColored = isTerminal && color !== false && !env['NO_COLOR']
  const paint = (style: Style, text: string) =>
    isColored ? styleText(style, text, { validateStream: false }) : text
  return {
    result: (value, lines) => out(json ? JSON.stringify(value, null, 2) : lines().join('\n')),
    finding({ name, mark, expected, found, cure, code }) {
      const { sign, style } = MARKS[mark]
      const head = `${paint(style, sign)} ${name}: `
      if (mark === 'good') return [head + found]
      return [
        head + paint('bold', code ?? WORDS[mark]),
        `    expected ${expected}`,
        `    found    ${found}`,
        ...(cure === undefined ? [] : [`    cure     ${cure}`]),
      ]
    },
    strong: (text) => paint('bold', text),
  }
}

const WORDS: Readonly<Record<Mark, string>> = {
  good: 'good',
  warning: 'warning',
  bad: 'failed',
  undecided: 'undecided',
  skipped: 'not checked',
}

/** A text that others chose, without anything that a terminal obeys. */
export function harmless(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) =>
    unit === '\n' ? ' ' : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
