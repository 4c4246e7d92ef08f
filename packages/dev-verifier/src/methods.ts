/*
 * What a development Verifier issues and signs on demand, each method with the check of its
 * options.
 */
import { brokenProofs } from './broken-proofs.js'
import { requireName } from './checks.js'
import { issueCertificate } from './client-certificate.js'
import {
  checkCredentialRequest,
  issueCredential,
  type CredentialRequest,
  type IssuedCredential,
} from './credentials.js'
import type { Kind } from './mandate.js'
import { checkMintOptions, mintAccessToken, mintIdToken } from './mint.js'
import { checkProofOptions, mintProof } from './proofs.js'
import type { Server } from './server.js'
import { brokenTokens } from './variants.js'
import type { DevVerifier } from './verifier.js'
import { tokenRequest } from './wallet.js'

type Issuing = Pick<
  DevVerifier,
  'issueMachineCredential' | 'issueEmployeeCredential' | 'tokenRequest' | 'issueCertificate'
>

/** What the Issuer and the wallet beside it hand out. */
export function issuing(server: Server): Issuing {
  const { credentialIssuer, settings } = server
  return {
    issueMachineCredential: (request = {}) => {
      checkCredentialRequest('issueMachineCredential()', request)
      return issue(server, 'machine', request)
    },
    issueEmployeeCredential: (request = {}) => {
      checkCredentialRequest('issueEmployeeCredential()', request)
      return issue(server, 'employee', request)
    },
    tokenRequest: (machine, request) => tokenRequest(server, machine, request),
    issueCertificate: (commonName = 'my-client') =>
      issueCertificate(credentialIssuer.authority, commonName, settings.runtime.now()),
  }
}

type Minting = Pick<
  DevVerifier,
  'mint' | 'mintIdToken' | 'mintBroken' | 'mintProof' | 'mintBrokenProof'
>

/** What is signed for a test, without a request. */
export function minting(server: Server): Minting {
  return {
    mint: (options = {}) => {
      checkMintOptions('mint()', options)
      return mintAccessToken(server, options)
    },
    mintIdToken: (options = {}) => {
      checkMintOptions('mintIdToken()', options)
      return mintIdToken(server, options)
    },
    mintBroken: (name, options = {}) => {
      requireName('a broken token', Object.keys(brokenTokens), name)
      checkMintOptions('mintBroken()', options)
      return brokenTokens[name].make(server, options)
    },
    mintProof: (options) => {
      checkProofOptions('mintProof()', options)
      return mintProof(server, options)
    },
    mintBrokenProof: (name, { token = {}, ...call }) => {
      requireName('a broken proof', Object.keys(brokenProofs), name)
      checkProofOptions('mintBrokenProof()', call)
      checkMintOptions('mintBrokenProof()', token)
      return brokenProofs[name].make(server, { ...call, token })
    },
  }
}

function issue(
  { settings, credentialIssuer }: Server,
  kind: Kind,
  request: CredentialRequest,
): IssuedCredential {
  const context = { issuer: credentialIssuer, base: settings.issuer, runtime: settings.runtime }
  return issueCredential(
    kind,
    { ...request, dialect: request.dialect ?? settings.profile.dialects[kind] },
    context,
  )
}
