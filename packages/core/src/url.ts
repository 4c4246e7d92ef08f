const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** What makes an address unfit for a Verifier, or `undefined`: https is required beyond this machine unless plain http was asked for. */
export function describeInsecure(address: string, insecureHttp: boolean): string | undefined {
  if (!URL.canParse(address)) return `${JSON.stringify(address.slice(0, 200))}, which is not a URL`
  const { protocol, hostname, username, password } = new URL(address)
  if (username !== '' || password !== '') return 'a URL with credentials in it'
  if (protocol === 'https:') return undefined
  if (protocol === 'http:' && (insecureHttp || LOOPBACK.test(hostname))) return undefined
  return `${JSON.stringify(address.slice(0, 200))}, which is not https`
}

/** Whether a text can be an issuer (RFC 8414 §2): a fit address as it is normally written, without query and fragment. */
export function isIssuer(text: string, insecureHttp: boolean): boolean {
  if (/[?#{}]/.test(text) || describeInsecure(text, insecureHttp) !== undefined) return false
  return [text, `${text}/`].includes(new URL(text).href)
}
