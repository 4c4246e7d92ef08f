import { auth, authOf, type ResourceServerOptions } from '@verifier-guard/express'
import express, { type Express, type Request } from 'express'
import { may } from './powers.js'

/** An offer of a tenant. */
interface Offer {
  readonly id: number
  readonly name: string
  readonly published: boolean
  /** The machine that wrote it last. */
  readonly by: string | undefined
}

/** Makes the API: the offers of several tenants, each kept apart. */
export function createApp(options: ResourceServerOptions): Express {
  const app = express()
  const offers = new Map<string, Offer[]>()
  // The operator reads other tenants' offers, so this goes by the path's tenant: in one spelling,
  // because the guard overlooks case.
  const ofTenant = ({ params }: Request<{ tenant: string }>) => {
    const key = params.tenant.toLowerCase()
    return offers.get(key) ?? offers.set(key, []).get(key)!
  }

  app.use('/tenants/:tenant', auth(options), express.json())

  app.get('/tenants/:tenant/offers', may.read, (req, res) => void res.json(ofTenant(req)))

  app.post('/tenants/:tenant/offers', may.create, (req, res) => {
    const { name } = (req.body ?? {}) as { name?: unknown }
    if (typeof name !== 'string' || name === '')
      return void res.status(400).json({ error: 'expected {"name": "…"}' })
    const offer: Offer = {
      id: ofTenant(req).length + 1,
      name,
      published: false,
      by: authOf(req).clientId,
    }
    ofTenant(req).push(offer)
    res.status(201).json(offer)
  })

  app.put('/tenants/:tenant/offers/:id/publication', may.publish, (req, res) => {
    const list = ofTenant(req)
    const offer = list[Number(req.params.id) - 1]
    if (offer === undefined) return void res.status(404).json({ error: 'no such offer' })
    const published = { ...offer, published: true, by: authOf(req).clientId }
    list[offer.id - 1] = published
    res.json(published)
  })

  return app
}
