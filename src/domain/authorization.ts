// An authorization request (OAuth 2.1 §4.1.1, OpenID Connect Core §3.1.2.1), and what has to happen before its code.
import type { ClientKind, Device, Place, Session, SignedInWith } from './session.ts'

export const RESPONSE_MODES = ['query', 'fragment', 'form_post'] as const
export type ResponseMode = (typeof RESPONSE_MODES)[number]

export const PROMPTS = ['none', 'login', 'consent', 'select_account'] as const
export type Prompt = (typeof PROMPTS)[number]

/** Where and how the answer goes back to the client. */
export interface AnswerTo {
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  readonly state: string | null
}

/** A request that has passed every check. */
export interface AuthorizationRequest extends AnswerTo {
  readonly clientId: string
  readonly scope: string
  /** What `aud` will be. */
  readonly audience: string
  readonly nonce: string | null
  /** PKCE, S256 (RFC 7636 §4.2). */
  readonly codeChallenge: string
  readonly prompts: readonly Prompt[]
  /** Seconds. */
  readonly maxAge: number | null
  readonly loginHint: string | null
  /** The only user whom the answer may be about (`id_token_hint`). */
  readonly hintedUserId: string | null
  /** Thumbprint of the key that the code is bound to (RFC 9449 §10). */
  readonly dpopJkt: string | null
}

/** What a user has allowed a client, until its session begins. */
export interface Authorization {
  readonly userId: string
  readonly clientId: string
  readonly scope: string
  readonly audience: string
  /** Where the user authorized the client, and how and when that session began. */
  readonly browserSessionId: string
  readonly signedInWith: readonly SignedInWith[]
  readonly authTime: number
  /** Where the client will use it. */
  readonly device: Device
  readonly place: Place
  /** By which that is known again. */
  readonly marks: readonly string[]
}

/** Whom a page has asked, and a name for this one decision. */
export interface Asked {
  readonly sessionId: string
  readonly decisionId: string
}

/** A request on its way through sign-in and consent. */
export interface PendingAuthorization {
  readonly request: AuthorizationRequest
  readonly begunAt: number
  /** The browser session that there was when the request arrived. */
  readonly formerSessionId: string | null
  /** Set once the page that asks has been shown. */
  readonly asked: Asked | null
}

export interface AuthorizingClient {
  readonly kind: ClientKind
}

export type NextStep =
  | { readonly tag: 'sign_in' }
  /** A page that asks: whether the app may, or which account. */
  | { readonly tag: 'ask' }
  | { readonly tag: 'issue_code' }
  | {
      readonly tag: 'refuse'
      readonly error: 'login_required' | 'consent_required'
    }

/** @param isConsented whether the user has allowed this client all of it before */
export function nextStep(
  pending: Pick<PendingAuthorization, 'request' | 'begunAt' | 'formerSessionId'>,
  client: AuthorizingClient,
  session: Pick<Session, 'id' | 'userId' | 'createdAt'> | null,
  isConsented: boolean,
  now: number,
): NextStep {
  const { prompts, hintedUserId } = pending.request
  const isSilent = prompts.includes('none')
  if (session === null || needsSignIn(pending, session, now)) {
    return isSilent ? { tag: 'refuse', error: 'login_required' } : { tag: 'sign_in' }
  }
  if (hintedUserId !== null && session.userId !== hintedUserId) {
    return isSilent || isFresh(pending, session)
      ? { tag: 'refuse', error: 'login_required' }
      : { tag: 'sign_in' }
  }
  if (needsConsent(pending.request, client, isConsented)) {
    return isSilent ? { tag: 'refuse', error: 'consent_required' } : { tag: 'ask' }
  }
  // Whoever has just signed in for this very request has chosen.
  if (prompts.includes('select_account') && !isFresh(pending, session)) return { tag: 'ask' }
  return { tag: 'issue_code' }
}

function needsSignIn(
  pending: Pick<PendingAuthorization, 'request' | 'begunAt' | 'formerSessionId'>,
  session: Pick<Session, 'id' | 'createdAt'>,
  now: number,
): boolean {
  const { prompts, maxAge } = pending.request
  const isTooOld = maxAge !== null && (maxAge === 0 || now - session.createdAt > maxAge)
  return (prompts.includes('login') || isTooOld) && !isFresh(pending, session)
}

/** A third party is always asked about when what answers at its redirect URI could be anybody's app (OAuth 2.1 §7.3.1). */
function needsConsent(
  request: AuthorizationRequest,
  client: AuthorizingClient,
  isConsented: boolean,
): boolean {
  if (request.prompts.includes('consent')) return true
  return client.kind === 'third_party' && !(isConsented && isWebOrigin(request.redirectUri))
}

const isWebOrigin = (redirectUri: string): boolean => redirectUri.startsWith('https:')

/** The browser has signed in for this request. */
const isFresh = (
  { begunAt, formerSessionId }: Pick<PendingAuthorization, 'begunAt' | 'formerSessionId'>,
  session: Pick<Session, 'id' | 'createdAt'>,
): boolean => session.id !== formerSessionId && session.createdAt >= begunAt
