/*
 * Writes the entries of an audit trail. It never blocks: an entry that can't be written, or waits
 * behind too many others, is counted.
 */
import type { Runtime } from '../kit/runtime.js'
import type { AuditEntry } from './entry.js'

/** A stream that takes lines: one of Node, or the destination of a logger. */
export interface AuditStream {
  write(line: string, written?: (error?: Error | null) => void): unknown
  on?(name: 'error', listener: (error: Error) => void): unknown
  /** Only streams of Node have it; they call back once a line is written. */
  readonly writableLength?: number
}

/** Writes one entry. One that takes time is waited for, by no request. */
export type Write = (entry: AuditEntry) => unknown

/** Writes entries while not too many wait, and counts those that were not written. */
export function createWriter(
  write: Write,
  maxPending: number,
  { warn }: Pick<Runtime, 'warn'>,
): { write(entry: AuditEntry): void; dropped(): number } {
  let pending = 0
  let dropped = 0
  let unreported = 0

  function lose(lines: number): void {
    if (dropped === 0) warn(DROPS)
    dropped += 1
    unreported += lines
  }

  return {
    write(entry) {
      if (pending >= maxPending) return lose(1)
      const carried = unreported
      unreported = 0
      const failed = () => lose(1 + carried)
      try {
        const done = write(carried > 0 ? { ...entry, dropped: carried } : entry)
        if (!(done instanceof Object && 'then' in done)) return
        pending += 1
        void Promise.resolve(done)
          .catch(failed)
          .finally(() => (pending -= 1))
      } catch {
        failed()
      }
    },
    dropped: () => dropped,
  }
}

const DROPS =
  'The audit trail drops lines: its "write" fails, or does not keep up. ' +
  'This is said once; dropped() counts the lines, and the next line says how many are missing before it.'

/** Makes of a stream or a function what writes one entry. */
export function writerOf(write: AuditStream | Write): Write {
  if (typeof write === 'function') return write
  // Without a listener, an error of the stream ends the process.
  write.on?.('error', () => {})
  const lineOf = (entry: AuditEntry) => `${JSON.stringify(entry)}\n`
  if (write.writableLength === undefined) return (entry) => void write.write(lineOf(entry))
  return (entry) =>
    new Promise<void>((resolve, reject) =>
      write.write(lineOf(entry), (error) => (error ? reject(error) : resolve())),
    )
}
