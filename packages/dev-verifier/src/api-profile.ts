import type { ProfileName } from './profiles.js'

const PROFILES = {
  dome: 'dome',
  fiware: 'fiware',
  oauth: 'rfc9068',
} as const satisfies Partial<Record<ProfileName, string>>

/** The profile of an API in front of a Verifier of this profile. */
export type ApiProfile = (typeof PROFILES)[keyof typeof PROFILES] | 'eudistack'

/** Names the profile that an API configures for tokens of this Verifier. */
export function apiProfileOf(profile: ProfileName): ApiProfile {
  return profile in PROFILES ? PROFILES[profile as keyof typeof PROFILES] : 'eudistack'
}
