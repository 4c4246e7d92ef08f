// expected: TS2345 TS2345 TS2345 TS2769
import { requiredPower } from '@verifier-guard/core'
import { requiredPower as onExpress } from '@verifier-guard/express'

const offers = { function: 'ProductOffering', action: 'Create' }

requiredPower(offers)
requiredPower({ ...offers, anyDomain: false })
requiredPower({ ...offers, anyDomain: true, domain: 'DOME' })
onExpress(offers)
