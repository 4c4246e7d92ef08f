/*
 * Holds a request to the certificate that its token is bound to (RFC 8705 §3). What the TLS
 * connection has shown is asked of every request: another one may come by another connection.
 */
import type { Proof } from '../binding.js'
import { quote } from '../kit/display.js'
import { Denial } from '../kit/errors.js'
import { andThen, type Later } from '../kit/later.js'
import { encodeBase64url, sha256 } from '../kit/sha256.js'
import type { CertificateSettings } from '../options/certificate.js'
import type { CertificateBytes } from './certificate-formats.js'
import { certificateReader } from './certificate-sources.js'

/** Makes the check of client certificates. */
export function createCertificateProof(source: CertificateSettings): Proof {
  const certificateOf = certificateReader(source)
  return ({ thumbprint, request, own }) =>
    andThen(thumbprintOf(certificateOf({ request, own })), (found) => {
      if (found === thumbprint) return undefined
      throw mismatch(thumbprint, found)
    })
}

/** §3.1: the SHA-256 of the certificate in DER, in base64url. */
function thumbprintOf(shown: CertificateBytes): Later<string> {
  return 'der' in shown ? sha256(shown.der) : encodeBase64url(shown.sha256)
}

function mismatch(expected: string, actual: string): Denial {
  return new Denial('certificate_mismatch', {
    check: 'certificate',
    expected: `the certificate that the token is bound to, ${quote(expected)}`,
    actual: `one with the SHA-256 ${quote(actual)}`,
    hint: 'the client must call with the certificate by which it got the token',
  })
}
