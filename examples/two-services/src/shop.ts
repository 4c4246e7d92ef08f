import type { TokenSource } from '@verifier-guard/client'
import express, { type Express } from 'express'

/** The service that calls: to it a protected API is a `fetch` away. */
export function createShop(tokens: TokenSource, orders: string): Express {
  const app = express()
  app.get('/summary', async (_req, res) => {
    const response = await tokens.fetch(`${orders}/orders`)
    if (!response.ok)
      return void res.status(502).json({ error: `orders answered ${response.status}` })
    const list = (await response.json()) as unknown[]
    res.json({ orders: list.length })
  })
  app.get('/health', (_req, res) => {
    const { status } = tokens.health()
    res.status(status === 'down' ? 503 : 200).json({ status })
  })
  return app
}
