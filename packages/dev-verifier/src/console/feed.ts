/*
 * What happens, sent to every open page as it happens (server-sent events, HTML Living Standard
 * §9.2), and again to a page that is opened later.
 */

/** What an event is about. */
export type Topic = 'request' | 'decision' | 'state'

/** The events of a console. */
export interface Feed {
  /** Sends a piece of the page. */
  publish(topic: Topic, markup: string): void
  /** An endless answer with the last events, and all to come. */
  answer(headers: Readonly<Record<string, string>>): Response
  close(): void
}

const REMEMBERED = 50
/** Pages that are open at a time; a browser opens a few. */
const MOST_PAGES = 50

/** Makes the feed of a console. */
export function createFeed(): Feed {
  const past: string[] = []
  const pages = new Set<ReadableStreamDefaultController<Uint8Array>>()
  const encode = (text: string) => new TextEncoder().encode(text)
  return {
    publish(topic, markup) {
      const message = written(topic, markup)
      if (topic !== 'state') past.push(message)
      if (past.length > REMEMBERED) past.shift()
      for (const page of pages) page.enqueue(encode(message))
    },
    answer(headers) {
      if (pages.size >= MOST_PAGES) return new Response(null, { status: 503 })
      let own: ReadableStreamDefaultController<Uint8Array>
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          own = controller
          pages.add(controller)
          controller.enqueue(encode(`retry: 1000\n\n${past.join('')}`))
        },
        cancel: () => void pages.delete(own),
      })
      return new Response(body, { headers: { ...headers, 'content-type': 'text/event-stream' } })
    },
    close() {
      for (const page of pages) page.close()
      pages.clear()
    },
  }
}

function written(topic: Topic, markup: string): string {
  const data = markup.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
  return `event: ${topic}\n${data.join('')}\n`
}
