import { createHash } from 'node:crypto'
import { portably } from '../../../../test/differential/portable.js'
import { fingerprint } from '../../src/kit/fingerprint.js'

test.each(['', 'a', 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA', 'é\u{1F600}'])(
  'of %j is the start of its SHA-256, with and without node:crypto',
  async (token) => {
    const expected = createHash('sha256').update(token).digest('base64url').slice(0, 16)
    const portable = await portably(() => import('../../src/kit/fingerprint.js'))
    expect(fingerprint(token)).toBe(expected)
    expect(await portable.fingerprint(token)).toBe(expected)
  },
)
