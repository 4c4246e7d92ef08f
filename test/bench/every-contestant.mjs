// Says of each contestant what it does with a good token and with a changed one: the time of one
// that takes everything, or nothing, would mean nothing.
import { contestants } from './contestants.mjs'
import { contestants as dpopContestants, createClient } from './dpop-contestants.mjs'
import { asExchange, createIssuer } from './tokens.mjs'

const issuer = await createIssuer('ES256', '1.8 kB')
const [good] = await issuer.mintAll(1)
const changed = Buffer.from(good)
const middleOfSignature = good.length - 40
changed[middleOfSignature] = good[middleOfSignature] === 65 ? 66 : 65

async function says(run, token) {
  try {
    await run(token)
    return 'takes it'
  } catch {
    return 'refuses it'
  }
}

const said = {}
for (const [name, { make, isExchange }] of Object.entries(contestants)) {
  const run = make(issuer)
  const input = (token) =>
    isExchange ? asExchange({ authorization: `Bearer ${token}` }) : token.toString('latin1')
  said[name] = [await says(run, input(good)), await says(run, input(changed))]
}

const client = createClient(issuer)
/** The same proof with another signature. */
function changedProof() {
  const [header, claims, signature] = client.proof().split('.')
  return [header, claims, signature.replace(/^./, (one) => (one === 'A' ? 'B' : 'A'))].join('.')
}
for (const [name, { make }] of Object.entries(dpopContestants)) {
  const run = make(issuer, client)
  const shown = (dpop) => asExchange({ authorization: `DPoP ${client.token}`, dpop })
  said[`DPoP: ${name}`] = [
    await says(run, shown(client.proof())),
    await says(run, shown(changedProof())),
  ]
}
console.log(JSON.stringify(said))
issuer.close()
process.exit()
