import { join } from 'node:path'

/** @type {import('next').NextConfig} */
export default {
  distDir: 'dist',
  // The packages of this repository are beside the example, not within it.
  turbopack: { root: join(import.meta.dirname, '../..') },
}
