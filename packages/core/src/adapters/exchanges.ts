/*
 * What adapters do with an answer: watch for its end, for the events of all its guards, and set its
 * fields.
 */
import type { Exchange } from '../exchange.js'
import type { HeaderFields } from '../kit/errors.js'

/** Node's response, as far as its end is watched. */
export interface EndingResponse {
  readonly headersSent: boolean
  once(event: 'finish' | 'close', listener: () => void): EndingResponse
}

/**
 * Watches for the end of an answer of Node's. A caller who leaves while it is being sent, from a
 * stream of events for instance, was answered.
 */
export function endOf(response: EndingResponse): Exchange['ended'] {
  return (callback) => {
    const ended = () => callback(response.headersSent)
    // Responses that tests inject tell of the first alone, those whose caller left of the second.
    response.once('finish', ended).once('close', ended)
  }
}

/** An end that the adapter tells itself, where no response of Node's does. */
export interface OwnEnd {
  readonly ended: Exchange['ended']
  /** @param isAnswered tells whether the caller is there still; asked only where an event waits */
  readonly end: (isAnswered?: () => boolean) => void
}

/** Makes the end of a request whose guards are known to be through by the adapter itself. */
export function ownEnd(): OwnEnd {
  let waiting: ((isAnswered: boolean) => void) | undefined
  return {
    ended: (callback) => void (waiting = callback),
    end: (isAnswered = () => true) => waiting?.(isAnswered()),
  }
}

/** Node's response, as far as fields are set on it. */
export interface WritableResponse {
  readonly headersSent: boolean
  setHeader(name: string, value: string | string[]): unknown
}

/**
 * Sets the fields of an answer ahead of it, so that they stand whoever writes it: an error handler
 * of the application may know nothing of challenges. An answer that was sent meanwhile stays.
 */
export function setFields(response: WritableResponse, fields: HeaderFields): void {
  // Most answers have none, and each request asks.
  if (fields.length === 0 || response.headersSent) return
  for (const [name, value] of Object.entries(fields)) response.setHeader(name, value)
}
