// What a deployed instance must answer to somebody outside, claim by claim. Nothing is changed there, and no alarm rings.
import { VERSION } from '../../domain/version.ts'
import type { Answer, Asker } from './ask.ts'

export interface Check {
  readonly claim: string
  /** Asks with the operator's token, where there is one; is about https, where it is spoken. */
  readonly only?: 'as operator' | 'over https'
  /** What was found instead; null when the claim holds. Throws when nobody answers. */
  readonly findFault: (target: Target) => Promise<string | null>
}

export interface Target {
  readonly origin: string
  /** The operator's. */
  readonly token: string | null
  readonly ask: Asker
}

/** Of RFC 7518 §6: what no published key may have. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const DISCOVERY = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']
const JWKS = '/.well-known/jwks.json'
const ADMIN_KEYS = '/admin/v1/keys'
/** Of no form that a token of ours has: it is refused before anything is counted. */
const NO_TOKEN = 'smoke'

export const CHECKS: readonly Check[] = [
  {
    claim: `every database answers, and it is version ${VERSION}, as this folder`,
    async findFault({ origin, ask }) {
      const answer = await ask(`${origin}/health`)
      const { status, version } = json(answer) as { status?: string; version?: string }
      return answer.status === 200 && status === 'ok' && version === VERSION ? null : told(answer)
    },
  },
  {
    claim: 'both discovery documents name this address as the issuer',
    async findFault({ origin, ask }) {
      for (const path of DISCOVERY) {
        const answer = await ask(origin + path)
        const { issuer, jwks_uri } = json(answer) as { issuer?: string; jwks_uri?: string }
        if (answer.status !== 200 || issuer === undefined) return told(answer)
        if (issuer !== origin) return `ISSUER is ${issuer}`
        if (jwks_uri !== origin + JWKS) return `jwks_uri is ${jwks_uri}`
      }
      return null
    },
  },
  {
    claim: 'keys are published, and only their public parts',
    async findFault({ origin, ask }) {
      const answer = await ask(origin + JWKS)
      const keys = publishedKeys(answer)
      if (answer.status !== 200 || keys.length === 0) return told(answer)
      if (keys.some(key => PRIVATE_MEMBERS.some(member => member in key))) return 'a private key'
      const isUsable = (key: Key) => key.kty === 'EC' && key.alg === 'ES256' && typeof key.kid === 'string'
      return keys.every(isUsable) ? null : 'a key of another kind than ES256'
    },
  },
  {
    claim: 'without a token, and with one that is none, users’ data is refused',
    findFault: async ({ origin, ask }) =>
      (await refused(ask, `${origin}/ping/whoami`)) ??
      (await refused(ask, `${origin}/v1/sessions`)) ??
      (await refused(ask, `${origin}/ping/whoami`, NO_TOKEN)),
  },
  {
    claim: 'so is the operators’ API',
    findFault: async ({ origin, ask }) =>
      (await refused(ask, origin + ADMIN_KEYS)) ?? (await refused(ask, origin + ADMIN_KEYS, NO_TOKEN)),
  },
  {
    claim: 'an app that nobody has registered gets no token',
    async findFault({ origin, ask }) {
      const body = new URLSearchParams({
        ...{ client_id: 'smoke-nobody', grant_type: 'refresh_token', refresh_token: NO_TOKEN },
      })
      const answer = await ask(`${origin}/oauth2/token`, { method: 'POST', body })
      const { error } = json(answer) as { error?: string }
      return answer.status === 401 && error === 'invalid_client' ? null : told(answer)
    },
  },
  {
    claim: 'the sign-in page comes with its security headers, and its style with it',
    async findFault({ origin, ask }) {
      const page = await ask(`${origin}/sign-in`, { headers: { accept: 'text/html' } })
      if (page.status !== 200 || !page.headers.get('content-type')?.startsWith('text/html')) return told(page)
      const missing = missingHeaders(page, origin.startsWith('https:'))
      if (missing.length > 0) return `without its ${missing.join(', ')}`
      const [, style] = /<link [^>]*href="(\/assets\/[^"]+)"/.exec(page.text) ?? []
      if (style === undefined) return 'a page without its style'
      const asset = await ask(origin + style)
      return asset.status === 200 ? null : `${style}: ${told(asset)}`
    },
  },
  {
    claim: 'nothing is done over plain http',
    only: 'over https',
    async findFault({ origin, ask }) {
      const plain = `http:${origin.slice('https:'.length)}`
      // Where nobody listens, nobody is served.
      const answer = await ask(`${plain}/v1/sessions`).catch(() => null)
      return answer === null || answer.status === 403 || isSentTo(origin, answer) ? null : told(answer)
    },
  },
  {
    claim: 'the operators’ API opens with the token, and the key that signs is published',
    only: 'as operator',
    async findFault({ origin, token, ask }) {
      const answer = await ask(origin + ADMIN_KEYS, { headers: { authorization: `Bearer ${token}` } })
      const { keys = [] } = json(answer) as { keys?: { kid: string; state: string }[] }
      if (answer.status !== 200) return told(answer)
      const active = keys.find(({ state }) => state === 'active')
      if (active === undefined) return 'no active key'
      const published = publishedKeys(await ask(origin + JWKS))
      return published.some(({ kid }) => kid === active.kid) ? null : `${active.kid} is not published`
    },
  },
]

/** What each page must have. */
const HEADERS: readonly (readonly [name: string, value: RegExp])[] = [
  ['content-security-policy', /^default-src 'none';(?!.*'unsafe-).*frame-ancestors 'none'/],
  ['x-content-type-options', /^nosniff$/],
  ['x-frame-options', /^DENY$/],
  ['referrer-policy', /^no-referrer$/],
  ['cache-control', /\bno-store\b/],
]
const HSTS = ['strict-transport-security', /^max-age=\d{8}/] as const

const missingHeaders = ({ headers }: Answer, isHttps: boolean): string[] =>
  (isHttps ? [...HEADERS, HSTS] : HEADERS)
    .filter(([name, value]) => !value.test(headers.get(name) ?? ''))
    .map(([name]) => name)

/** null for 401 with its challenge (RFC 9110 §11.6.1). */
async function refused(ask: Asker, url: string, token?: string): Promise<string | null> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const answer = await ask(url, { headers })
  const isRefused = answer.status === 401 && answer.headers.has('www-authenticate')
  return isRefused ? null : `${new URL(url).pathname}: ${told(answer)}`
}

const isSentTo = (origin: string, { status, headers }: Answer): boolean =>
  status >= 300 && status < 400 && (headers.get('location')?.startsWith(`${origin}/`) ?? false)

type Key = Readonly<Record<string, unknown>>
const publishedKeys = (answer: Answer): readonly Key[] => {
  const { keys } = json(answer) as { keys?: unknown }
  return Array.isArray(keys) ? keys : []
}

function json({ text }: Answer): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** The status, and the code of a refusal of ours. */
const told = (answer: Answer): string => {
  const { code, error, version } = json(answer) as Record<string, unknown>
  const word = code ?? error ?? version
  return typeof word === 'string' ? `${answer.status} ${word}` : String(answer.status)
}
