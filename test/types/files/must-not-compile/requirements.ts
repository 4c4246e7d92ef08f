// expected: TS2345 TS2345 TS2345 TS2554
import {
  allOf,
  createResourceServer,
  requiredRule,
  requiredScopes,
  type AuthContext,
} from '@verifier-guard/core'

const server = createResourceServer({
  issuer: 'https://verifier.example.org',
  profile: 'eudistack',
})
const ofRoute = requiredRule(
  'own order',
  (_, request: { params: { id: string } }) => request.params.id === 'a',
)
const ofHost = requiredRule(
  'own host',
  (_, request: Request) => request.url === 'https://a.example/',
)

export async function handle(request: Request, auth: AuthContext) {
  await server.authenticate(request, ofRoute)
  await server.authenticate(request, allOf(requiredScopes('a'), ofRoute))
  await server.verifyAccessToken('a.b.c', ofHost)
  await server.authorize(auth, ofRoute)
}
