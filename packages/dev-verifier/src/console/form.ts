/*
 * Reads the fields of a form of the page. A mistake says what was expected.
 */
import { readUpTo } from '../body.js'
import { Mistake } from '../mistake.js'
import { readPower, type WrittenPower } from '../power.js'

/** The fields of a form, without those that are empty. */
export type Fields = Readonly<Record<string, string>>

const LARGEST = 262_144

/** @throws Mistake for a form that is too large */
export async function readFields(request: Request): Promise<Fields> {
  const { text, isWhole } = await readUpTo(request, LARGEST)
  if (!isWhole) throw new Mistake('Expected a form of at most 256 KiB.')
  const pairs = [...new URLSearchParams(text)].filter(([, value]) => value.trim() !== '')
  return Object.fromEntries(pairs)
}

/** Powers, one a line as `domain/function/action`. @throws Mistake */
export function powersOf(text: string | undefined): readonly WrittenPower[] {
  const lines = (text ?? '').split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '').map(readPower)
}

/** A whole number. @throws Mistake */
export function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^-?\d{1,9}$/.test(text.trim())) return Number(text)
  throw new Mistake(`Expected ${name} as a whole number of seconds; found "${text}".`)
}
