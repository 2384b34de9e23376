// Proving a sign-in: by the link or by the typed code, each together with what only the asking browser or app
// holds. Nothing is spent here: a link or code is spent by the event that it causes.
import { isTaggedId } from '../domain/ids.ts'
import type { SignedInWith, StartedIn } from '../domain/session.ts'
import { isOpen, type SignIn } from '../domain/sign-in.ts'
import { identify, type Who } from '../records/record.ts'
import { countWrongCode, type FoundSignIn } from '../store/sign-ins.ts'
import { digestsEqual, isOneOf } from '../tokens/digest.ts'
import { inspectToken } from '../tokens/inspect.ts'
import { LINK_TYP } from '../tokens/link-token.ts'
import type { LoadedState } from '../user/state.ts'
import { findSignInWithState, type SignInWithState } from './find-sign-in.ts'
import type { Parts, RequestFacts } from './parts.ts'
import { codeDigests } from './start.ts'
import { noticeWrongBrowser } from './wrong-browser.ts'

export type Proof =
  | {
      readonly tag: 'proven'
      readonly signIn: SignIn
      readonly userId: string | null
      readonly signedInWith: SignedInWith
      /** Of the user, read with the sign-in; null where that was not possible. */
      readonly state: LoadedState | null
    }
  | {
      readonly tag: 'refused'
      readonly why: 'invalid_link' | 'link_expired' | 'wrong_browser' | 'wrong_code' | 'sign_in_ended'
    }

const refused = (why: Extract<Proof, { tag: 'refused' }>['why']): Proof => ({ tag: 'refused', why })

/** A link that we issued, with its sign-in; or why not. A valid signature on anything else raises `link.forged`. */
export async function readLink(
  parts: Parts,
  token: string,
  facts: RequestFacts,
): Promise<({ tag: 'found' } & SignInWithState) | Extract<Proof, { tag: 'refused' }>> {
  const inspected = await inspectToken(parts.keys, LINK_TYP, token, facts.now)
  if (inspected.tag === 'invalid') return { tag: 'refused', why: 'invalid_link' }
  if (inspected.tag === 'expired') return { tag: 'refused', why: 'link_expired' }
  const id = inspected.claims.jti
  const found = isTaggedId('i', id) ? await findSignInWithState(parts.shards.of(id), id) : null
  if (found !== null && digestsEqual(found.signIn.linkCommitment, inspected.commitment)) {
    identify(whoAsked(found))
    return { tag: 'found', ...found }
  }
  const detail =
    found === null ? 'a signed link without a sign-in' : 'a signed link that differs from the one issued'
  parts.alarms.raise(
    { kind: 'link.forged', kid: inspected.kid, clientId: null, userId: null, detail },
    facts.now,
    facts.waitUntil,
  )
  return { tag: 'refused', why: 'invalid_link' }
}

/** The client and, where the address has one, the user. */
const whoAsked = ({ signIn, userId }: FoundSignIn): Partial<Who> => ({
  client_id: signIn.clientId,
  ...(userId !== null && { user_id: userId }),
})

/** @param bindingDigest of what the caller holds; null when it holds nothing */
export async function proveByLink(
  parts: Parts,
  token: string,
  bindingDigest: string | null,
  startedIn: StartedIn,
  facts: RequestFacts,
): Promise<Proof> {
  const link = await readLink(parts, token, facts)
  if (link.tag === 'refused') return link
  if (!isBoundTo(link.signIn, bindingDigest, startedIn)) {
    facts.waitUntil(noticeWrongBrowser(parts, link, facts))
    return refused('wrong_browser')
  }
  if (!isOpen(link.signIn, facts.now)) return refused('sign_in_ended')
  const { signIn, userId, state } = link
  return { tag: 'proven', signIn, userId, signedInWith: 'email_link', state }
}

export async function proveByCode(
  parts: Parts,
  signInId: string,
  code: string | null,
  bindingDigest: string,
  startedIn: StartedIn,
  facts: RequestFacts,
): Promise<Proof> {
  // What cannot be a code still costs a try: it is compared with a digest that nothing has.
  const presented = await codeDigests(parts, signInId, code ?? 'malformed')
  const db = parts.shards.of(signInId)
  const found = await findSignInWithState(db, signInId, [
    countWrongCode(db, signInId, bindingDigest, presented),
  ])
  if (found === null) return refused('wrong_code')
  identify(whoAsked(found))
  const { signIn, userId, state } = found
  if (!isBoundTo(signIn, bindingDigest, startedIn)) return refused('wrong_browser')
  if (!isOpen(signIn, facts.now)) return refused('sign_in_ended')
  if (!isOneOf(presented, signIn.codeDigest)) return refused('wrong_code')
  return { tag: 'proven', signIn, userId, signedInWith: 'email_code', state }
}

const isBoundTo = (signIn: SignIn, bindingDigest: string | null, startedIn: StartedIn): boolean =>
  bindingDigest !== null &&
  signIn.startedIn === startedIn &&
  digestsEqual(signIn.bindingDigest, bindingDigest)
