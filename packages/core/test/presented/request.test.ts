import { createServer, request as send, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fieldOf, type RequestLike } from '../../src/presented/request.js'

const two = { several: 2 }

test.each<[string, RequestLike, unknown]>([
  ['none', { headers: {} }, undefined],
  ["Node's headers", { headers: { authorization: 'a' } }, 'a'],
  ['a list of one', { headers: { authorization: ['a'] } }, 'a'],
  ['a list of two', { headers: { authorization: ['a', 'a'] } }, two],
  ['a name as it was written', { headers: { Authorization: 'a' } }, 'a'],
  ['a list under a name as it was written', { headers: { AUTHORIZATION: ['a'] } }, 'a'],
  ['names written in two ways', { headers: { Authorization: 'a', AUTHORIZATION: 'b' } }, two],
  [
    'two spellings, one of them in lower case',
    { headers: { authorization: 'a', Authorization: 'b' } },
    two,
  ],
  ['null', { headers: { authorization: null as never } }, { unfit: null }],
  ['a number', { headers: { authorization: 5 as never } }, { unfit: 5 }],
  ['a list in a list', { headers: { authorization: [['a']] as never } }, { unfit: ['a'] }],
  ['an object in a list', { headers: { authorization: [{}] as never } }, { unfit: {} }],
  ['no headers', { headers: null as never }, { unfit: null }],
  ['headers that are a text', { headers: 'Bearer a' as never }, { unfit: 'Bearer a' }],
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
])('fieldOf: %s', (_, request, expected) => {
  expect(fieldOf(request, 'authorization')).toEqual(expected)
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
  expect(fieldOf(message, 'authorization')).toEqual(two)
  await new Promise((resolve) => server.close(resolve))
})
