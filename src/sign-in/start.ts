// Starting a sign-in: one row for the attempt, one for its mail, in one batch. Nothing here looks at whether
// the address has a user, so neither the answer nor its time can tell. An attempt whose mail is held back by a limit
// is an attempt all the same: whoever started it sees no difference.
import type { Client } from '../domain/client.ts'
import type { EmailAddress } from '../domain/email-address.ts'
import { MINUTE_SECONDS, SIGN_IN_SECONDS } from '../domain/limits.ts'
import type { StartedIn } from '../domain/session.ts'
import { signInMessage } from '../mail/sign-in-message.ts'
import { record } from '../records/record.ts'
import { batch } from '../store/d1.ts'
import { insertOutbox } from '../store/outbox.ts'
import { insertSignIn } from '../store/sign-ins.ts'
import { addressTag } from '../tokens/address-tag.ts'
import { mintLink } from '../tokens/link-token.ts'
import { randomCode, randomTaggedId } from '../tokens/random.ts'
import { describeDevice, describePlace } from './describe.ts'
import type { Parts, RequestFacts } from './parts.ts'

export interface SignInRequest {
  readonly address: EmailAddress
  readonly client: Client
  readonly scope: string
  readonly startedIn: StartedIn
  /** Digest of what only the asking browser or app holds; made when the sign-in's id is known. */
  readonly bindingDigest: (signInId: string) => Promise<string>
  readonly continueTo: string | null
  readonly deviceName: string | null
}

/** What may be stored of the code that was presented. */
export const codeDigests = (
  { secrets }: Pick<Parts, 'secrets'>,
  signInId: string,
  code: string,
): Promise<readonly string[]> => secrets.macs('typed-code', codeText(signInId, code))

/** Keyed by the typed code and its sign-in: useless without the deployment's secret. */
const codeText = (signInId: string, code: string): string => `${signInId}:${code}`

/** @returns the sign-in's id, whether or not a mail leaves: the caller's answer is the same */
export async function startSignIn(
  parts: Parts,
  request: SignInRequest,
  facts: RequestFacts,
): Promise<string> {
  const { address, client, continueTo } = request
  const { now } = facts
  const tag = await addressTag(address.canonical)
  const id = randomTaggedId('i', tag)
  const bindingDigest = await request.bindingDigest(id)
  const expiresAt = now + SIGN_IN_SECONDS
  const code = randomCode()
  const link = await mintLink(parts.keys, parts.config.issuer, id, now, expiresAt)
  const message = signInMessage({
    to: address.deliverTo,
    link: linkUrl(parts.config.issuer, client, link.token),
    code,
    clientName: client.name,
    expiresInMinutes: SIGN_IN_SECONDS / MINUTE_SECONDS,
    device: describeDevice(facts.device),
    place: describePlace(facts.place),
  })
  const db = parts.shards.ofTag(tag)
  const mail = await parts.outbox.prepare(message, expiresAt, now)
  const isAdmitted = await parts.limits.admitsMail(address.canonical, facts, now)
  await batch(db, [
    insertSignIn(db, {
      id,
      address: address.canonical,
      clientId: client.id,
      scope: request.scope,
      startedIn: request.startedIn,
      bindingDigest,
      linkCommitment: link.commitment,
      codeDigest: await parts.secrets.mac('typed-code', codeText(id, code)),
      wrongCodes: 0,
      sealedContinueTo: continueTo && (await parts.secrets.seal('continue-to', id, continueTo)),
      deviceName: request.deviceName,
      createdAt: now,
      expiresAt,
    }),
    ...(isAdmitted ? [insertOutbox(db, mail.row)] : []),
  ]).catch(error => {
    if (isAdmitted) facts.waitUntil(parts.limits.releaseMail(address.canonical, facts, now))
    throw error
  })
  record(isAdmitted ? 'sign_in.started' : 'sign_in.held_back', { client_id: client.id })
  if (isAdmitted) facts.waitUntil(parts.outbox.deliver(db, mail, now))
  return id
}

/** Built from the configured issuer or the client's registration, never from a request. */
function linkUrl(issuer: string, client: Client, token: string): string {
  const url = new URL(client.link_uri ?? `${issuer}/sign-in/link`)
  url.searchParams.set('token', token)
  return url.href
}
