// expected: TS2345 TS2322
import { createResourceServer } from '@verifier-guard/core'

createResourceServer({ audience: 'api' })
createResourceServer({ issuer: process.env['VERIFIER'], audience: 'api' })
