import type { IssuedCredential } from './credentials.js'
import type { Power } from './mandate.js'
import { profiles } from './profiles.js'
import type { DevVerifier } from './verifier.js'

/** What the command hands out beside the Verifier, at paths that no real Verifier has. */
export const PATHS = {
  token: '/dev/token',
  client: '/dev/client',
  proof: '/dev/proof',
} as const

/** A machine with its credential, and what its developer asks for by HTTP. */
export interface HandOut {
  /** The machine, issued on first use. */
  readonly machineOf: (verifier: DevVerifier) => IssuedCredential
  /** Answers a request for one of {@link PATHS}; leaves all others to the Verifier. */
  readonly answer: (verifier: DevVerifier, request: Request) => Promise<Response> | undefined
}

/** Hands out tokens of a machine with these powers, for a service at the profile `fiware`. */
export function createHandOut(powers: readonly Power[], service: string): HandOut {
  let machine: IssuedCredential | undefined
  const machineOf = (verifier: DevVerifier): IssuedCredential =>
    (machine ??= verifier.issueMachineCredential({ powers }))
  return {
    machineOf,
    answer(verifier, request) {
      const { pathname, searchParams } = new URL(request.url)
      if (request.method !== 'GET') return undefined
      if (pathname === PATHS.proof) return Promise.resolve(freshProof(verifier, searchParams))
      if (pathname === PATHS.token) return freshToken(verifier, machineOf(verifier), service)
      if (pathname !== PATHS.client) return undefined
      return Promise.resolve(plain(clientEnvironment(verifier, machineOf(verifier))))
    },
  }
}

/** The configuration of a client as environment variables, one a line. */
export function clientEnvironment(
  { issuer, profile }: DevVerifier,
  { credential, did, privateKey }: IssuedCredential,
): string {
  const identity =
    profile === 'oauth'
      ? [`AUTHORIZATION_SERVER=${issuer}`, `CLIENT_ID=${did}`]
      : [`VERIFIER=${issuer}`, `CREDENTIAL=${credential}`]
  return [...identity, `PRIVATE_KEY=${privateKey.hex}`].join('\n')
}

/** Asks for a token as the machine itself would, so that each one is by a request of its own. */
async function freshToken(
  verifier: DevVerifier,
  machine: IssuedCredential,
  service: string,
): Promise<Response> {
  const path = profiles[verifier.profile].paths.token.at(-1)!.replace(':service', service)
  const response = await verifier.fetch(verifier.issuer + path, {
    method: 'POST',
    body: verifier.tokenRequest(machine),
  })
  if (!response.ok) return response
  const { access_token: token } = (await response.json()) as { access_token: string }
  return plain(token)
}

/** A proof by {@link DevVerifier.proofKey}, for the request that the query names. */
function freshProof(verifier: DevVerifier, query: URLSearchParams): Response {
  const { url = '', method, token, nonce } = Object.fromEntries(query)
  try {
    return plain(
      verifier.mintProof({
        url,
        ...(method && { method }),
        ...(token && { accessToken: token }),
        ...(nonce && { nonce }),
      }),
    )
  } catch (error) {
    return plain((error as Error).message, 400)
  }
}

function plain(text: string, status = 200): Response {
  return new Response(`${text}\n`, {
    status,
    headers: {
      'content-type': 'text/plain',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}
