import {
  createResourceServer,
  type Algorithm,
  type ProfileName,
  type ResourceServerOptions,
} from '@verifier-guard/core'

const issuer = 'https://verifier.example.org'
const keys = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] }
const profiles: readonly ProfileName[] = ['auto', 'dome', 'eudistack', 'fiware', 'rfc9068']
const algorithms: readonly Algorithm[] = ['ES256', 'RS256', 'EdDSA']

export const settings: readonly ResourceServerOptions[] = [
  { issuer, profile: 'eudistack' },
  { issuer, audience: 'https://api.example.org', algorithms },
  {
    issuer,
    audience: ['https://api.example.org', 'api'],
    jwksUri: 'https://verifier.example.org/jwks',
  },
  { issuer, audience: null, keys },
  {
    issuer: [issuer, { issuer: 'https://{tenant}.example.org', profile: 'dome', keys }],
    cache: null,
  },
  {
    issuer: async (stated) =>
      stated === issuer ? { issuer: stated, profile: 'eudistack' } : undefined,
  },
  ...profiles.map((profile) => ({ issuer, profile, audience: 'api' })),
]
export const servers = settings.map((options) => createResourceServer(options))
