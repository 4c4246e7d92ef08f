/*
 * What every part of the page is written with. All that is put into it is escaped: texts of tokens
 * and requests are shown, never obeyed.
 */
import { html } from 'hono/html'

/** A piece of the page. */
export type Markup = ReturnType<typeof html>

export { html }

/** Characters that steer a terminal, hide, or turn the direction of text. */
const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu
const MOST_CHARACTERS = 20_000

/** A text that others chose, so that it is read as it is. */
export function visible(text: string): string {
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text
  return cut.replace(STEERING, (one) => (one === '\n' || one === '\t' ? one : escaped(one)))
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}

/** The text of a piece of the page, to be sent. */
export function textOf(markup: Markup): string {
  return (markup as { toString(): string }).toString()
}

/** A command line with a button that copies it. */
export function copyable(id: string, text: string): Markup {
  return html`<div class="copyable">
    <pre id="${id}" tabindex="0" aria-label="Text to copy">${text}</pre>
    <button type="button" data-copy="${id}">Copy</button>
  </div>`
}

/** A message that something is wrong in what the user gave. */
export function alert(text: string): Markup {
  return html`<p class="alert" role="alert">${visible(text)}</p>`
}

/** A text between single quotes for a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
