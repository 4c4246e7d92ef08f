import { createServer, request as send, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { authorizationOf, type RequestLike } from '../../src/presented/request.js'

const two = { ambiguous: '2 Authorization fields' }

test.each<[string, RequestLike, unknown]>([
  ['none', { headers: {} }, undefined],
  ["Node's headers", { headers: { authorization: 'a' } }, 'a'],
  ['a list of one', { headers: { authorization: ['a'] } }, 'a'],
  ['a list of two', { headers: { authorization: ['a', 'a'] } }, two],
  ['a name as it was written', { headers: { Authorization: 'a' } }, 'a'],
  ['a list under a name as it was written', { headers: { AUTHORIZATION: ['a'] } }, 'a'],
  ['names written in two ways', { headers: { Authorization: 'a', AUTHORIZATION: 'b' } }, two],
  ['two under a name as it was written', { headers: { Authorization: ['a', 'b'] } }, two],
  ['another name as long', { headers: { Authorisation: 'a', 'X-Forwarded-F': 'b' } }, undefined],
  ["Node's headers without it", { headers: { Authorization: 'a' }, rawHeaders: [] }, undefined],
  ['web headers', { headers: new Headers({ Authorization: 'a' }) }, 'a'],
  ['web headers without it', { headers: new Headers() }, undefined],
  [
    'names as they came',
    { headers: { authorization: 'a' }, rawHeaders: ['Authorization', 'a', 'AUTHORIZATION', 'b'] },
    two,
  ],
  [
    'values that look like names',
    { headers: { authorization: 'a' }, rawHeaders: ['X', 'authorization', 'authorization', 'a'] },
    'a',
  ],
])('authorizationOf: %s', (_, request, expected) => {
  expect(authorizationOf(request)).toEqual(expected)
})

test('what Node hides of a repeated field is seen', async () => {
  const server = createServer()
  const arrived = new Promise<IncomingMessage>((resolve) => {
    server.on('request', (message, response) => (response.end(), resolve(message)))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  send({
    port,
    host: '127.0.0.1',
    headers: ['Authorization', 'Bearer a', 'Authorization', 'Bearer b', 'Host', 'x'],
  }).end()
  const message = await arrived
  expect(message.headers.authorization).toBe('Bearer a')
  expect(authorizationOf(message)).toEqual(two)
  await new Promise((resolve) => server.close(resolve))
})
