import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TOKEN_SOURCE_ERRORS } from '@verifier-guard/client'
import { ERRORS } from '@verifier-guard/core'
import { root } from './snippets.js'

const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
const [api, client] = page.split('## Errors of the client') as [string, string]

interface Section {
  readonly code: string
  readonly anchor: string
  readonly text: string
}

/** The sections of a half of the page, each under the heading of its code. */
function sections(half: string): readonly Section[] {
  return half
    .split(/^#### /m)
    .slice(1)
    .map((section) => {
      const [, code, anchor, text] = /^(\S+) \{#(\S+)\}\n\n([^]*)/.exec(section)!
      return { code: code!, anchor: anchor!, text: text!.split(/^###? /m)[0]!.trim() }
    })
}

describe('errors by code: of an API', () => {
  test('every code has its section, with its status and its anchor', () => {
    const stated = sections(api).map(({ code, anchor, text }) => [
      code,
      anchor,
      Number(/^\*\*(\d+)\.\*\* /.exec(text)?.[1]),
    ])
    expect(stated).toEqual(Object.entries(ERRORS).map(([code, { status }]) => [code, code, status]))
  })

  test.each(sections(api))('$code says how to tell, the cure and who acts', ({ text }) => {
    const lines = text.split('\n')
    expect(lines.slice(1).map((line) => /^- \*\*(.+?):\*\* \S/.exec(line)?.[1] ?? line)).toEqual([
      '',
      'How to tell',
      'Cure',
      'Who acts',
    ])
  })
})

describe('errors by code: of the client', () => {
  test('every code has its section, with its kind and an anchor of its own', () => {
    const stated = sections(client).map(({ code, anchor, text }) => [
      code,
      anchor,
      /^\*\*(\w+)\.\*\* /.exec(text)?.[1],
    ])
    expect(stated).toEqual(
      Object.entries(TOKEN_SOURCE_ERRORS).map(([code, { kind }]) => [
        code,
        code in ERRORS ? `client-${code}` : code,
        kind,
      ]),
    )
  })

  test.each(sections(client))('$code says the cure', ({ text }) => {
    expect(text.split('\n').slice(1)).toEqual(['', expect.stringMatching(/^- \*\*Cure:\*\* \S/)])
  })
})
