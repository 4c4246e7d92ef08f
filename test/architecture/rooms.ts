/**
 * The folders and pages of core, in the order in which a request flows through them.
 *
 * A room takes code and types only from the rooms before it. The README of core lists the same
 * rooms.
 */
export const ROOMS = [
  'kit',
  'presented',
  'jwt',
  'options',
  'issuers',
  'credential',
  'rules',
  'context',
  'identity',
  'status',
  'requirements',
  'token-cache',
  'binding',
  'proof',
  'challenge',
  'exchange',
  'correlation',
  'report',
  'decision',
  'server',
  'probes',
  'audit',
  'resource-server',
  'explain',
  'adapters',
  'support',
  'index',
] as const
