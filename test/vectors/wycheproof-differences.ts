/** Vectors of which Wycheproof says `valid` and that we refuse, by what they have in common. */
export const STRICTER: Readonly<
  Record<string, { readonly because: string; readonly vectors: readonly string[] }>
> = {
  'symmetric algorithms': {
    because:
      'a key that verifies by signing can not be published (RFC 8725 §2.1): HMAC is never allowed',
    vectors: [
      'jws 1',
      'jws 348',
      'jws 352',
      'jws 357',
      'jws 358',
      'jws 359',
      'jws 372',
      'jws 373',
      'jws 376',
      'jws 377',
      'jwk 2',
      'jwk 13',
      'jwk 14',
      'jwk 15',
    ],
  },
  'key published for another algorithm': {
    because:
      'the "alg" of the key (PS256, or ES521, which is none) is not that of the token (RFC 7517 §4.4)',
    vectors: ['jws 346', 'jws 347', 'jws 350', 'jws 351'],
  },
}
