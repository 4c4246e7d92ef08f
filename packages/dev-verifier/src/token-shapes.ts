import type { MintOptions } from './mint.js'

/**
 * The access tokens met in the wild, one entry for each shape, as options of `mint`. Issuer and key
 * stay the Verifier's own.
 *
 * @example
 * ```ts
 * import { createDevVerifier, tokenShapes } from '@verifier-guard/dev-verifier'
 *
 * const verifier = createDevVerifier()
 * for (const [name, shape] of Object.entries(tokenShapes)) console.log(name, verifier.mint(shape))
 * ```
 */
export const tokenShapes = {
  'dome: machine v1': { profile: 'dome', dialect: 'machine-v1' },
  'dome: machine v1 with Gson names (1.0.14)': { profile: 'dome', dialect: 'machine-v1-gson' },
  'dome: machine with trust-framework powers': {
    profile: 'dome',
    dialect: 'machine-trust-framework',
  },
  'dome: machine with trust-framework powers, action a string': {
    profile: 'dome',
    dialect: 'machine-trust-framework-string',
  },
  'dome: machine v1 in verifiableCredential (up to 1.0.13)': {
    profile: 'dome',
    dialect: 'machine-v1',
    placement: 'verifiable-credential',
    claims: { client_id: undefined },
  },
  'dome: employee v1': { profile: 'dome', dialect: 'employee-v1' },
  'dome: employee v2': { profile: 'dome', dialect: 'employee-v2-normalised' },
  'dome: machine v1 without client_id (1.3.6)': {
    profile: 'dome',
    dialect: 'machine-v1',
    claims: { client_id: undefined },
  },
  'eudistack 2: machine v2': { profile: 'eudistack-2', dialect: 'machine-v2-lear' },
  'eudistack 2: machine v1': { profile: 'eudistack-2', dialect: 'machine-v1' },
  'eudistack 2: employee v2': { profile: 'eudistack-2', dialect: 'employee-v2-normalised' },
  'eudistack 2: employee v3': { profile: 'eudistack-2', dialect: 'employee-v3' },
  'eudistack 3.0: machine': { profile: 'eudistack-3.0', dialect: 'machine-v2' },
  'eudistack 3.0: machine SD-JWT': { profile: 'eudistack-3.0', dialect: 'machine-sd-jwt' },
  'eudistack 3.0: employee': { profile: 'eudistack-3.0', dialect: 'employee-v3' },
  'eudistack 3.3: machine': { profile: 'eudistack-3.3', dialect: 'machine-v2' },
  'eudistack 3.3: machine v1': { profile: 'eudistack-3.3', dialect: 'machine-v1' },
  'eudistack 3.3: machine SD-JWT': { profile: 'eudistack-3.3', dialect: 'machine-sd-jwt' },
  'eudistack 3.3: machine, vc a string (before 3.2.0)': {
    profile: 'eudistack-3.3',
    dialect: 'machine-v2',
    placement: 'flat-and-vc-string',
  },
  'eudistack 3.3: employee': { profile: 'eudistack-3.3', dialect: 'employee-v3' },
  'eudistack 3.3: employee SD-JWT': { profile: 'eudistack-3.3', dialect: 'employee-sd-jwt' },
  'fiware: machine': { profile: 'fiware', dialect: 'machine-v1' },
  'fiware: machine in verifiablePresentation': {
    profile: 'fiware',
    dialect: 'machine-v1',
    placement: 'verifiable-presentation',
  },
  'fiware: machine in flat claims': {
    profile: 'fiware',
    dialect: 'machine-v1',
    placement: 'flat',
    claims: { type: ['VerifiableCredential', 'LEARCredentialMachine'] },
  },
  'fiware: employee': { profile: 'fiware', dialect: 'employee-v2' },
} as const satisfies Record<string, MintOptions>

/** The name of a shape of access token. */
export type TokenShapeName = keyof typeof tokenShapes
