import type { Json } from './jwt.js'
import { ALGORITHMS, type Algorithm } from './keys.js'
import type { Paths } from './profiles.js'
import { PROOF_ALGORITHMS } from './proof-rules.js'

/**
 * The metadata of the Java Verifiers, with the untruths that it has in production: RS256, mTLS,
 * device and exchange grants, none of which work.
 *
 * @param path The path that was asked for: `oauth-authorization-server` has fewer members.
 * @param more Members of this generation alone.
 */
export function discoveryDocument(issuer: string, path: string, more: Json): Json {
  const isOpenId = path.endsWith('/openid-configuration')
  return {
    issuer,
    authorization_endpoint: `${issuer}/oidc/authorize`,
    device_authorization_endpoint: `${issuer}/oidc/device_authorization`,
    token_endpoint: `${issuer}/oidc/token`,
    token_endpoint_auth_methods_supported: AUTH_METHODS,
    jwks_uri: `${issuer}/oidc/jwks`,
    ...(isOpenId && {
      userinfo_endpoint: `${issuer}/oidc/userinfo`,
      end_session_endpoint: `${issuer}/oidc/logout`,
    }),
    response_types_supported: ['code'],
    grant_types_supported: [
      'authorization_code',
      'client_credentials',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    revocation_endpoint: `${issuer}/oidc/revoke`,
    revocation_endpoint_auth_methods_supported: AUTH_METHODS,
    introspection_endpoint: `${issuer}/oidc/introspect`,
    introspection_endpoint_auth_methods_supported: AUTH_METHODS,
    code_challenge_methods_supported: ['S256'],
    tls_client_certificate_bound_access_tokens: true,
    ...more,
    ...(isOpenId && {
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      scopes_supported: ['openid'],
    }),
  }
}

const AUTH_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
]

/** The metadata of the FIWARE Verifier for one service, known to it or not. */
export function fiwareDiscoveryDocument(
  issuer: string,
  service: string,
  algorithm: Algorithm,
): Json {
  return {
    issuer,
    authorization_endpoint: `${issuer}/api/v1/authorization`,
    token_endpoint: `${issuer}/services/${service}/token`,
    jwks_uri: `${issuer}/.well-known/jwks`,
    scopes_supported: [],
    response_types_supported: ['code'],
    response_mode_supported: ['direct_post'],
    grant_types_supported: [
      'authorization_code',
      'vp_token',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
  }
}

/**
 * The metadata of a plain authorization server (RFC 8414 §2, RFC 9449 §5.1, RFC 8705 §3.3). All of
 * it is true.
 *
 * @param takesCertificates whether it listens with TLS, and so sees the certificates of clients.
 */
export function plainMetadata(issuer: string, paths: Paths, takesCertificates: boolean): Json {
  return {
    issuer,
    token_endpoint: `${issuer}${paths.token[0]}`,
    jwks_uri: `${issuer}${paths.jwks}`,
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: [
      'private_key_jwt',
      'client_secret_basic',
      'client_secret_post',
      ...(takesCertificates ? ['self_signed_tls_client_auth'] : []),
    ],
    token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
    tls_client_certificate_bound_access_tokens: takesCertificates,
  }
}
