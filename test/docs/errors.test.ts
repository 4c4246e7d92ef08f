import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TOKEN_SOURCE_ERRORS } from '@verifier-guard/client'
import { ERRORS } from '@verifier-guard/core'
import { root } from './snippets.js'

const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
const [api, client] = page.split('## Errors of the client') as [string, string]

interface Section {
  readonly code: string
  readonly text: string
}

/** The sections of a half of the page, each under the heading of its code. */
function sections(half: string): readonly Section[] {
  return half
    .split(/^#### /m)
    .slice(1)
    .map((section) => {
      const [, code, text] = /^(\S+)\n\n([^]*)/.exec(section)!
      return { code: code!, text: text!.split(/^###? /m)[0]!.trim() }
    })
}

describe('errors by code: of an API', () => {
  test('every code is the heading of a section, with its status', () => {
    const stated = sections(api).map(({ code, text }) => [
      code,
      Number(/^\*\*(\d+)\.\*\* /.exec(text)?.[1]),
    ])
    expect(stated).toEqual(Object.entries(ERRORS).map(([code, { status }]) => [code, status]))
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
  test('every code is the heading of a section, with its kind', () => {
    const stated = sections(client).map(({ code, text }) => [
      code,
      /^\*\*(\w+)\.\*\* /.exec(text)?.[1],
    ])
    expect(stated).toEqual(
      Object.entries(TOKEN_SOURCE_ERRORS).map(([code, { kind }]) => [code, kind]),
    )
  })

  test.each(sections(client))('$code says the cure', ({ text }) => {
    expect(text.split('\n').slice(1)).toEqual(['', expect.stringMatching(/^- \*\*Cure:\*\* \S/)])
  })
})
