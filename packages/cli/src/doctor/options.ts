/*
 * The options by themselves: what core warns of, and what stands between a caller and the API.
 */
import { createResourceServer, systemRuntime } from '@verifier-guard/core'
import type { Facts } from './facts.js'
import { bad, good, warning, type DoctorFinding } from './findings.js'

/** What core says of the options at start-up. */
export function checkOptions({ options }: Facts): readonly DoctorFinding[] {
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  createResourceServer({
    ...options,
    keySet: { ...options.keySet, prefetch: false },
    runtime: { ...systemRuntime, warn },
  }).close()
  if (warnings.length === 0) return [good('options', 'options that are right', 'they are right')]
  return warnings.map((message) =>
    warning(
      'options',
      'options that restrict access',
      message,
      'change the option, unless you mean it',
    ),
  )
}

/**
 * Used proofs that each process remembers by itself. One process can't know of others, and a file
 * can't state a store.
 */
export function checkUsedProofs({ options }: Facts): readonly DoctorFinding[] {
  const { resource, dpop } = options
  if (resource === undefined || dpop?.mode === 'disabled') return []
  const expected = 'used DPoP proofs that all instances share'
  if (dpop?.replay?.store !== undefined)
    return [good('used proofs', expected, 'a store of the application')]
  return [
    warning(
      'used proofs',
      expected,
      'the memory of each process, which other instances do not see',
      'with several instances a proof passes once at each: pass "dpop.replay.store" in code, for instance nodeRedisStore(client) of @verifier-guard/redis; one instance needs none',
    ),
  ]
}

const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']
const OTHER_PROXIES = ['ALL_PROXY', 'all_proxy']
const WHERE = 'Node 22.21 and later in its line, Node 24 and later'

/**
 * Node's `fetch` uses a proxy with `NODE_USE_ENV_PROXY` only, and knows no `ALL_PROXY`
 * (https://nodejs.org/api/cli.html#node_use_env_proxy1).
 */
export function checkProxy({ runtime }: Facts): readonly DoctorFinding[] {
  const { env, nodeVersion } = runtime
  const set = [...PROXIES, ...OTHER_PROXIES].find((name) => env[name])
  if (set === undefined) return [good('proxy', 'no proxy, or one that is used', 'no proxy')]
  const expected = 'a proxy that is used'
  const ignored = (why: string, cure: string) => [
    warning('proxy', expected, `${set}, which ${why}`, cure),
  ]
  if (OTHER_PROXIES.includes(set))
    return ignored("Node's fetch never uses", 'set HTTPS_PROXY, and NODE_USE_ENV_PROXY=1')
  if (!knowsProxies(nodeVersion))
    return ignored(
      `fetch ignores on Node ${nodeVersion}`,
      `set NODE_USE_ENV_PROXY=1 on a newer Node (${WHERE}), or pass a fetch that uses the proxy as "runtime.fetch"`,
    )
  if (env['NODE_USE_ENV_PROXY'] === '1')
    return [good('proxy', expected, `${set}, which Node ${nodeVersion} uses`)]
  return ignored("Node's fetch ignores", 'set NODE_USE_ENV_PROXY=1')
}

function knowsProxies(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major >= 24 || (major === 22 && minor >= 21)
}

/** `Authorization: Bearer ` and the end of the line. */
const AROUND_TOKEN = 24
/** What nginx takes in one field by default (`large_client_header_buffers`). */
const NGINX = 8_192

/** A token that is too long never reaches the API: Node and proxies answer before it. */
export function checkHeaderSize({ runtime, token }: Facts): readonly DoctorFinding[] {
  const { maxHeaderSize } = runtime
  const expected = `header fields within the ${maxHeaderSize} bytes that Node takes`
  if (token === undefined)
    return maxHeaderSize >= 16_384
      ? [
          good(
            'header size',
            expected,
            `${maxHeaderSize} bytes; a token of 20 powers has about 8 200`,
          ),
        ]
      : [warning('header size', 'at least 16384 bytes', `${maxHeaderSize}`, RAISE_NODE)]
  const size = token.length + AROUND_TOKEN
  if (size > maxHeaderSize) return [bad('header size', expected, `${size} bytes`, RAISE_NODE)]
  if (size <= NGINX) return [good('header size', expected, `${size} bytes`)]
  return [
    warning('header size', `the ${NGINX} bytes that nginx takes`, `${size} bytes`, RAISE_NGINX),
  ]
}

const RAISE_NODE =
  'start Node with --max-http-header-size=32768; the answer is 431 before the API sees the request'
const RAISE_NGINX =
  'raise the limit of every proxy on the way, in nginx large_client_header_buffers 4 32k'
