// Pushed authorization requests (RFC 9126): checked like any other when they arrive, kept for a minute, used once.
import type { Client } from '../../domain/client.ts'
import { isTaggedId, shardTagOfDigest } from '../../domain/ids.ts'
import { AUTHORIZATION_QUERY_MAX_CHARS, PUSHED_REQUEST_SECONDS } from '../../domain/limits.ts'
import { record } from '../../records/record.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import { insertPushedRequest, takePushedRequest } from '../../store/pushed-requests.ts'
import { randomBytes, randomTaggedId } from '../../tokens/random.ts'
import { invalidProof, readProof, useProof } from '../dpop.ts'
import { OAuthError } from '../errors.ts'
import type { FormParameters } from '../parameters.ts'
import { findAddressee, parseRequest } from './request.ts'
import { readSent, type Sent } from './sent.ts'

const PREFIX = 'urn:ietf:params:oauth:request_uri:'
/** How the client proved who it is; not part of its request. */
const OF_AUTHENTICATION = ['client_secret', 'client_assertion', 'client_assertion_type']

export interface PushedAnswer {
  readonly request_uri: string
  readonly expires_in: number
}

/**
 * @param dpop the header with a proof of possession
 * Throws OAuthError with the code that the redirect would have carried.
 */
export async function pushRequest(
  parts: Parts,
  client: Client,
  form: FormParameters,
  dpop: string | undefined,
  facts: RequestFacts,
): Promise<PushedAnswer> {
  const proof = await readProof(parts, '/oauth2/par', dpop, facts.now)
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) {
    if (value !== undefined && !OF_AUTHENTICATION.includes(name)) parameters.set(name, value)
  }
  parameters.set('client_id', client.id)
  // A proof is worth what `dpop_jkt` is, and says it of a key that is there (RFC 9449 §10.1).
  if (proof !== null) {
    if ((form.dpop_jkt ?? proof.jkt) !== proof.jkt) throw invalidProof('dpop_jkt names another key')
    parameters.set('dpop_jkt', proof.jkt)
  }
  const text = parameters.toString()
  if (text.length > AUTHORIZATION_QUERY_MAX_CHARS) {
    throw new OAuthError('invalid_request', 'the request is too long')
  }
  const sent = readSent(parameters)
  const addressee = await findAddressee(parts, sent, facts)
  if (addressee.tag === 'unknown') throw new OAuthError('invalid_request', 'redirect_uri is not registered')
  const parsed = await parseRequest(parts, addressee, sent, true, facts.now)
  if (parsed.tag === 'refused') throw parsed.error
  await useProof(parts, proof)
  const id = randomTaggedId('p', shardTagOfDigest(randomBytes(2)))
  await insertPushedRequest(parts.shards.of(id), {
    id,
    clientId: client.id,
    parameters: text,
    expiresAt: facts.now + PUSHED_REQUEST_SECONDS,
  })
  record('authorization.pushed')
  return { request_uri: `${PREFIX}${id}`, expires_in: PUSHED_REQUEST_SECONDS }
}

export const isPushed = (sent: Sent): boolean => sent.single('request_uri')?.startsWith(PREFIX) ?? false

/** What was pushed; parameters beside it do not count (RFC 9126 §4). null when it is not this client's, used or expired. */
export async function takePushed(
  parts: Pick<Parts, 'shards'>,
  sent: Sent,
  now: number,
): Promise<Sent | null> {
  const id = sent.single('request_uri')?.slice(PREFIX.length)
  const clientId = sent.single('client_id')
  if (!isTaggedId('p', id) || clientId === null) return null
  const parameters = await takePushedRequest(parts.shards.of(id), id, clientId, now)
  return parameters === null ? null : readSent(new URLSearchParams(parameters))
}
