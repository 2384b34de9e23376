// Clients whose id is the address of their metadata (draft-ietf-oauth-client-id-metadata-document): the document is
// fetched, judged like any other registration, and remembered for a while. Only good documents are remembered (§5.2).
import * as v from 'valibot'
import type { Client } from '../domain/client.ts'
import { isOwnRedirectUri } from '../domain/client-document.ts'
import { parseUtf8 } from '../domain/encoding.ts'
import {
  CLIENT_DOCUMENT_CACHE_MAX_SECONDS,
  CLIENT_DOCUMENT_CACHE_MIN_SECONDS,
  CLIENT_DOCUMENT_MAX_BYTES,
  CLIENT_DOCUMENT_TIMEOUT_MS,
} from '../domain/limits.ts'
import type { Limits } from '../limits/limits.ts'
import { log } from '../log.ts'
import type { FetchTarget, TargetAnswer } from '../outbound/fetch-target.ts'
import type { RequestFacts } from '../sign-in/parts.ts'
import { OAuthError } from './errors.ts'
import { parseMetadata, UNVOUCHED } from './registration/metadata.ts'

export type FindByDocument = (
  url: string,
  from: Pick<RequestFacts, 'now' | 'clientIp'>,
) => Promise<Client | null>

const DOCUMENTS_MAX = 1_000
const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json *(?:;|$)/i

/** @param isLoopback whether documents may be on this machine, and so name places on it */
export function createClientDocuments(
  fetchTarget: FetchTarget,
  limits: Pick<Limits, 'forClientDocument'>,
  isLoopback: boolean,
): FindByDocument {
  const known = new Map<string, { readonly client: Client; readonly until: number }>()
  return async (url, { now, clientIp }) => {
    const cached = known.get(url)
    if (cached !== undefined && now < cached.until) return cached.client
    known.delete(url)
    if (!(await limits.forClientDocument(new URL(url).host, clientIp, now)).isAllowed) return refused('limit')
    const answer = await fetchTarget(url, {
      method: 'GET',
      headers: { accept: 'application/json' },
      timeoutMs: CLIENT_DOCUMENT_TIMEOUT_MS,
    })
    if (answer.tag === 'failed') return refused(answer.why)
    const client = clientOf(url, answer, isLoopback)
    if (client === null) return refused('not_a_document')
    if (known.size >= DOCUMENTS_MAX) known.clear()
    known.set(url, { client, until: now + cacheSeconds(answer.headers) })
    return client
  }
}

function refused(why: string): null {
  log('info', { event: 'client_document.refused', why })
  return null
}

type Answered = Extract<TargetAnswer, { tag: 'answered' }>

function clientOf(url: string, { status, headers, body }: Answered, allowsLoopback: boolean): Client | null {
  if (status !== 200 || body.byteLength > CLIENT_DOCUMENT_MAX_BYTES) return null
  if (!JSON_TYPE.test(headers.get('content-type') ?? '')) return null
  const parsed = v.safeParse(DocumentBody, parseJson(body))
  if (!parsed.success || parsed.output.client_id !== url) return null
  const { redirect_uris, post_logout_redirect_uris, ...members } = parsed.output
  const own = (uris: readonly unknown[]) => uris.filter(uri => isOwnRedirectUri(uri, url))
  const sent = {
    ...members,
    token_endpoint_auth_method: 'none',
    redirect_uris: own(redirect_uris),
    post_logout_redirect_uris: own(post_logout_redirect_uris),
  }
  const name = new URL(url).host
  try {
    const registration = parseMetadata(sent, { ...UNVOUCHED, name, authMethod: 'none', allowsLoopback })
    return { ...registration, id: url, secretDigest: null, formerSecret: null, createdAt: 0 }
  } catch (error) {
    if (error instanceof OAuthError) return null
    throw error
  }
}

const absent = v.optional(v.undefined())

/** A public client: no secret can be agreed upon (§4). Keys and other places than its redirect URIs are not read. */
const DocumentBody = v.pipe(
  v.looseObject({
    client_id: v.string(),
    client_secret: absent,
    client_secret_expires_at: absent,
    token_endpoint_auth_method: v.optional(v.literal('none')),
    redirect_uris: v.array(v.unknown()),
    post_logout_redirect_uris: v.optional(v.array(v.unknown()), []),
  }),
  v.transform(({ jwks: _, jwks_uri: __, backchannel_logout_uri: ___, ...members }) => members),
)

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(parseUtf8(body) ?? '')
  } catch {
    return null
  }
}

/** As the host wishes, within our bounds (§5.2). */
function cacheSeconds(headers: Headers): number {
  const wish = /(?:^|[,\s])max-age=([0-9]{1,9})(?:[,\s]|$)/i.exec(headers.get('cache-control') ?? '')?.[1]
  return Math.min(
    CLIENT_DOCUMENT_CACHE_MAX_SECONDS,
    Math.max(CLIENT_DOCUMENT_CACHE_MIN_SECONDS, Number(wish ?? 0)),
  )
}
