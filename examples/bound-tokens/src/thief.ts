import type { RequestFields } from '@verifier-guard/client'
import type { DevVerifier } from '@verifier-guard/dev-verifier'

/** What a thief tries who has read one request, by the name of the try. */
export function thefts(
  { authorization, dpop = '' }: RequestFields,
  url: string,
  { mintProof }: DevVerifier,
): Readonly<Record<string, Record<string, string>>> {
  const accessToken = authorization.replace('DPoP ', '')
  return {
    'the token alone': { authorization: `Bearer ${accessToken}` },
    'the whole request again': { authorization, dpop },
    'the token with a proof of their own': { authorization, dpop: mintProof({ url, accessToken }) },
  }
}
