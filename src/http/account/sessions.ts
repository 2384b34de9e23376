// Ending sessions from the account page's forms. Works without script.
import type { SessionSelection } from '../../domain/commands.ts'
import { isTaggedId } from '../../domain/ids.ts'
import { SESSIONS } from '../../user/state.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { EVERY_CLIENT, endSessions } from '../sessions-api.ts'
import { signedOut } from '../signed-out.ts'
import { fromForm } from './from-form.ts'

export const accountSessions = new Hono<LatchkeyEnv>()

/** What has ended meanwhile is no error: the page says when. */
accountSessions.post('/account/sessions/end', c =>
  endFromForm(c, ({ session_id: sessionId }) =>
    isTaggedId('s', sessionId)
      ? { selection: { kind: 'listed', sessionIds: [sessionId] }, after: `ended=${sessionId}` }
      : null,
  ),
)

/** Everything on one device, as the page grouped it. */
accountSessions.post('/account/devices/end', c =>
  endFromForm(c, form => {
    const sessionIds = (form.session_ids ?? '').split(' ').filter(id => isTaggedId('s', id))
    return {
      selection: { kind: 'listed', sessionIds },
      after: 'notice=device_ended',
      otherwise: 'notice=list_changed',
    }
  }),
)

accountSessions.post('/account/sessions/end-others', c =>
  endFromForm(c, ({ client_id: clientId }) =>
    clientId === undefined
      ? null
      : {
          selection: { kind: 'others', clientId: clientId === EVERY_CLIENT ? null : clientId },
          after: 'notice=others_ended',
        },
  ),
)

accountSessions.post('/account/sessions/end-all', c =>
  endFromForm(c, form => ({
    selection: { kind: 'all', includeApps: form.include_apps === 'on' },
    after: 'notice=others_ended',
  })),
)

interface Chosen {
  readonly selection: SessionSelection
  /** What the account page then says; by its query. */
  readonly after: string
  /** The same, where nothing of it was signed in any more. */
  readonly otherwise?: string
}

const endFromForm = (
  c: LatchkeyContext,
  choose: (form: Readonly<Record<string, string | undefined>>) => Chosen | null,
): Promise<Response> =>
  fromForm(c, SESSIONS, async (session, form, seen) => {
    const chosen = choose(form)
    if (chosen === null) return c.redirect('/account', 303)
    const principal = { userId: session.userId, sessionId: session.id, clientId: session.clientId }
    const ended = await endSessions(c, principal, chosen.selection, seen)
    if (ended.includes(session.id)) return signedOut(c)
    const { after, otherwise = after } = chosen
    return c.redirect(`/account?${ended.length > 0 ? after : otherwise}`, 303)
  })
