import { randomBytes, sign, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  Extension,
  Extensions,
  GeneralName,
  id_ce_basicConstraints,
  id_ce_subjectAltName,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'
import { generateKeyPair, type KeyPair } from './keys.js'

/** A certificate authority made for one run, and trusted nowhere else. */
export interface Authority {
  readonly key: KeyPair
  readonly certificate: X509Certificate
}

const COUNTRY = '2.5.4.6'
const ORGANIZATION = '2.5.4.10'
const ORGANIZATION_IDENTIFIER = '2.5.4.97'
const COMMON_NAME = '2.5.4.3'
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'

const DAY = 24 * 3_600_000
const TEN_YEARS = 3_650 * DAY

/** Makes a certificate authority. */
export function createAuthority(now: number): Authority {
  const key = generateKeyPair('ES256')
  const name = nameOf({ [COUNTRY]: 'ES', [COMMON_NAME]: 'Development CA' })
  return {
    key,
    certificate: certify({ subject: name, issuer: name, subjectKey: key, key, isCa: true, now }),
  }
}

/** Certifies that a key belongs to an organisation (ETSI EN 319 412-1 §5.1.4). */
export function certifyOrganization(
  { key, certificate }: Authority,
  subjectKey: KeyPair,
  organizationIdentifier: string,
  now: number,
): X509Certificate {
  const { tbsCertificate } = AsnConvert.parse(certificate.raw, Certificate)
  const subject = nameOf({
    [COUNTRY]: 'ES',
    [ORGANIZATION]: 'Development Issuer',
    [ORGANIZATION_IDENTIFIER]: organizationIdentifier,
    [COMMON_NAME]: 'Seal',
  })
  return certify({ subject, issuer: tbsCertificate.subject, subjectKey, key, isCa: false, now })
}

/** Certifies that a key belongs to a client, or to a server of this machine. */
export function certifyPeer(
  { key, certificate }: Authority,
  subjectKey: KeyPair,
  commonName: string,
  { now, host = 'localhost' }: { readonly now: number; readonly host?: string },
): X509Certificate {
  const { tbsCertificate } = AsnConvert.parse(certificate.raw, Certificate)
  return certify({
    subject: nameOf({ [COMMON_NAME]: commonName }),
    issuer: tbsCertificate.subject,
    subjectKey,
    key,
    isCa: false,
    now,
    host,
  })
}

/** The `organizationIdentifier` (OID 2.5.4.97) of the subject of a certificate, if it has one. */
export function organizationOf(certificate: X509Certificate): string | undefined {
  const { organizationIdentifier } = certificate.toLegacyObject().subject as {
    organizationIdentifier?: unknown
  }
  return typeof organizationIdentifier === 'string' ? organizationIdentifier : undefined
}

/** Certificates as the header parameter `x5c` has them: in standard Base64 (RFC 7515 §4.1.6). */
export function x5c(...chain: readonly X509Certificate[]): string[] {
  return chain.map(({ raw }) => raw.toString('base64'))
}

interface Subject {
  readonly subject: Name
  readonly issuer: Name
  readonly subjectKey: KeyPair
  /** The key of the issuer. */
  readonly key: KeyPair
  readonly isCa: boolean
  readonly now: number
  /** The name or address of a server. */
  readonly host?: string
}

/** An X.509 certificate of version 3 (RFC 5280 §4.1), signed with ECDSA. */
function certify(subjectFacts: Subject): X509Certificate {
  const { subject, issuer, subjectKey, key, isCa, now, host } = subjectFacts
  const signature = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 })
  const spki = subjectKey.publicKey.export({ format: 'der', type: 'spki' })
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature,
    issuer,
    validity: new Validity({
      notBefore: new Date(now - DAY),
      notAfter: new Date(now + TEN_YEARS),
    }),
    subject,
    subjectPublicKeyInfo: AsnConvert.parse(spki, SubjectPublicKeyInfo),
    extensions: new Extensions([
      basicConstraints(isCa),
      ...(host === undefined ? [] : [subjectAltName(host)]),
    ]),
  })
  const signed = Buffer.from(AsnConvert.serialize(tbsCertificate))
  const signatureValue = sign('sha256', signed, key.privateKey)
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: signature,
    signatureValue: new Uint8Array(signatureValue).buffer,
  })
  return new X509Certificate(Buffer.from(AsnConvert.serialize(certificate)))
}

function basicConstraints(isCa: boolean): Extension {
  return new Extension({
    extnID: id_ce_basicConstraints,
    critical: true,
    extnValue: new OctetString(AsnConvert.serialize(new BasicConstraints({ cA: isCa }))),
  })
}

/** A server is known by these names, and not by the common name (RFC 9525 §2). */
function subjectAltName(host: string): Extension {
  const names = [...new Set(['localhost', '127.0.0.1', '::1', host])].map(
    (name) => new GeneralName(isIP(name) ? { iPAddress: name } : { dNSName: name }),
  )
  return new Extension({
    extnID: id_ce_subjectAltName,
    extnValue: new OctetString(AsnConvert.serialize(new SubjectAlternativeName(names))),
  })
}

/** A positive integer of 16 bytes (RFC 5280 §4.1.2.2). */
function serialNumber(): ArrayBuffer {
  const bytes = new Uint8Array(randomBytes(16))
  bytes[0] = 0x40 | (bytes[0]! & 0x3f)
  return bytes.buffer
}

function nameOf(attributes: Readonly<Record<string, string>>): Name {
  return new Name(
    Object.entries(attributes).map(
      ([type, value]) =>
        new RelativeDistinguishedName([
          new AttributeTypeAndValue({
            type,
            // A country is two letters of a smaller alphabet (RFC 5280, appendix A.1).
            value: new AttributeValue(
              type === COUNTRY ? { printableString: value } : { utf8String: value },
            ),
          }),
        ]),
    ),
  )
}
