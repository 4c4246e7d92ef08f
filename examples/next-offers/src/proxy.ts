import { protect } from '@verifier-guard/fetch'
import { NextResponse } from 'next/server'
import { resourceServer } from './guard'

/**
 * Refuses calls without a good token ahead of every route below `/offers`, also of one that a
 * developer forgets to protect. The routes ask for their powers themselves.
 */
export const proxy = protect(() => NextResponse.next(), resourceServer)

/** Next reads it where it stands, so it is no expression. */
export const config = { matcher: '/offers/:path*' }
