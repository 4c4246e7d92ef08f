/*
 * Answers requests for the console before the Verifier does: with the page, a piece of it, or a
 * refusal.
 */
import { refuseStrangers, SAFE_HEADERS, type Access } from './access.js'
import { ACTIONS, type Outcome } from './actions.js'
import type { Desk } from './desk.js'
import { Mistake } from '../mistake.js'
import { readFields } from './form.js'
import { alert, textOf } from './markup.js'
import { pageOf } from './page.js'
import { SCRIPT } from './script.js'
import { STYLE } from './style.js'

/** Where the console is. */
export const CONSOLE_PATH = '/console'

type Read = (desk: Desk) => Response

/** What can be read, by path. */
const PAGES: Readonly<Record<string, Read>> = {
  '': (desk) => written(textOf(pageOf(desk)), 'text/html'),
  '/page.css': () => written(STYLE, 'text/css'),
  '/page.js': () => written(SCRIPT, 'text/javascript'),
  '/events': ({ feed }) => feed.answer(SAFE_HEADERS),
}

/** Answers a request for the console; leaves all others to the Verifier. */
export function answerConsole(
  desk: Desk,
  access: Access,
  request: Request,
): Promise<Response> | undefined {
  const { pathname } = new URL(request.url)
  if (pathname !== CONSOLE_PATH && !pathname.startsWith(`${CONSOLE_PATH}/`)) return undefined
  const refused = refuseStrangers(request, access)
  if (refused !== undefined) return Promise.resolve(refused)
  const rest = pathname.slice(CONSOLE_PATH.length).replace(/\/$/, '')
  if (request.method === 'GET' && Object.hasOwn(PAGES, rest))
    return Promise.resolve(PAGES[rest]!(desk))
  const name = rest.slice(1)
  if (request.method === 'POST' && Object.hasOwn(ACTIONS, name)) return act(desk, name, request)
  return Promise.resolve(written('There is no such page.\n', 'text/plain', 404))
}

async function act(desk: Desk, name: string, request: Request): Promise<Response> {
  const isPage = (request.headers.get('accept') ?? '').includes('text/html')
  try {
    const outcome = await ACTIONS[name]!(desk, await readFields(request))
    return isPage ? written(textOf(outcome.markup), 'text/html') : json(outcome)
  } catch (error) {
    // What this package and its explanations throw are words for a developer.
    const message = error instanceof Error ? error.message : 'an unknown error'
    const status = error instanceof Mistake ? 400 : 422
    if (!isPage)
      return written(`${JSON.stringify({ error: message })}\n`, 'application/json', status)
    return written(textOf(alert(message)), 'text/html', status)
  }
}

function json({ data }: Outcome): Response {
  return written(`${JSON.stringify(data, null, 2)}\n`, 'application/json')
}

function written(text: string, type: string, status = 200): Response {
  return new Response(text, {
    status,
    headers: { ...SAFE_HEADERS, 'content-type': `${type};charset=utf-8` },
  })
}
