// What a user has allowed a third-party client: remembered, and withdrawn with everything that rests on it.
import type { Client } from '../../domain/client.ts'
import type { AccountResult } from '../../domain/commands.ts'
import { isConsentTo } from '../../domain/consent.ts'
import { isWithinScope } from '../../domain/scope.ts'
import type { Session } from '../../domain/session.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import { findConsent } from '../../store/consents.ts'
import { randomId } from '../../tokens/random.ts'
import { callUser } from '../../user/call.ts'
import type { Outcome } from '../../user/outcome.ts'
import type { LoadedState } from '../../user/state.ts'

/** First parties are the operator's own: nobody is asked about them. */
export async function isConsented(
  parts: Pick<Parts, 'shards'>,
  client: Client,
  session: Session,
  scope: string,
): Promise<boolean> {
  if (client.kind === 'first_party') return true
  const consent = await findConsent(parts.shards.of(session.userId), session.userId, client.id)
  return (
    consent !== null &&
    isConsentTo({ clientId: client.id, since: client.createdAt }, consent) &&
    isWithinScope(scope, consent.scope)
  )
}

type Changed = Exclude<Outcome<AccountResult>, { tag: 'unavailable' }>

/** @param decisionId names the decision: sent again, it changes nothing more */
export function grantConsent(
  parts: Pick<Parts, 'users'>,
  session: Session,
  client: Pick<Client, 'id' | 'createdAt'>,
  consent: { readonly scope: string; readonly decisionId: string },
  { now }: RequestFacts,
): Promise<Changed> {
  const { id: clientId, createdAt: clientSince } = client
  const { scope, decisionId } = consent
  const by = { kind: 'session', session_id: session.id } as const
  const opId = `consent:${decisionId}`
  return callUser(parts.users, session.userId, user =>
    user.changeAccount(
      session.userId,
      { type: 'grant_consent', opId, clientId, clientSince, scope, by },
      now,
    ),
  )
}

/** Ends the client's sessions with it. @param seen of the user, just before */
export function withdrawConsent(
  parts: Pick<Parts, 'users'>,
  session: Session,
  clientId: string,
  { now }: RequestFacts,
  seen: LoadedState,
): Promise<Changed> {
  const by = { kind: 'session', session_id: session.id } as const
  const opId = randomId('op')
  return callUser(parts.users, session.userId, user =>
    user.changeAccount(session.userId, { type: 'withdraw_consent', opId, clientId, by }, now, seen),
  )
}
