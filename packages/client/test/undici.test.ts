import { Agent, fetch, interceptors, request, type Dispatcher } from 'undici'
import type { TokenSource } from '../src/index.js'
import { tokenInterceptor } from '../src/undici.js'
import { describeGlue, type Send } from './glue.js'
import { closing } from './support.js'

const redirect = interceptors.redirect({ maxRedirections: 3 })

const sendBy =
  (dispatcher: Dispatcher): Send =>
  async (url, { body, authorization } = {}) => {
    const headers = authorization ? { authorization } : { accept: ['text/plain', '*/*'] }
    const response = await request(url, {
      dispatcher,
      method: body ? 'POST' : 'GET',
      body: body ?? null,
      headers,
    })
    return { status: response.statusCode, text: await response.body.text() }
  }

describeGlue('the undici interceptor next to the wire', (tokens) =>
  sendBy(closing(new Agent()).compose(tokenInterceptor(tokens), redirect)),
)

describeGlue('the undici interceptor around redirects', (tokens) =>
  sendBy(closing(new Agent()).compose(redirect, tokenInterceptor(tokens))),
)

const overFetch = (tokens: TokenSource): Send => {
  const dispatcher = closing(new Agent()).compose(tokenInterceptor(tokens))
  return async (url, { body, authorization } = {}) => {
    const headers = authorization ? { authorization } : {}
    const response = await fetch(url, {
      dispatcher,
      method: body ? 'POST' : 'GET',
      body: body ?? null,
      headers,
    })
    return { status: response.status, text: await response.text() }
  }
}

describeGlue('the undici interceptor under fetch', overFetch, { streamsBodies: true })
