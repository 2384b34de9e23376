// Ending sessions from the account page's forms. Works without script.
import { operation } from '#operation'
import type { SessionSelection } from '../../domain/commands.ts'
import { isTaggedId } from '../../domain/ids.ts'
import { SESSIONS } from '../../user/state.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { pageForm } from '../openapi/form.ts'
import { EVERY_CLIENT, endSessions } from '../sessions-api.ts'
import { SIGNED_OUT_PATH, signedOut } from '../signed-out.ts'
import { fromForm } from './from-form.ts'

export const accountSessions = new Hono<LatchkeyEnv>()

const AFTER_AN_END = { 303: { to: ['/account', '/sign-in', SIGNED_OUT_PATH] } } as const

/** What has ended meanwhile is no error: the page says when. */
accountSessions.post(
  '/account/sessions/end',
  operation(() => ({
    summary: 'Ends one of the user’s sessions from a form',
    by: 'browser',
    form: pageForm({}, ['session_id']),
    answers: AFTER_AN_END,
    refusals: [401],
  })),
  c =>
    endFromForm(c, ({ session_id: sessionId }) =>
      isTaggedId('s', sessionId)
        ? { selection: { kind: 'listed', sessionIds: [sessionId] }, after: `ended=${sessionId}` }
        : null,
    ),
)

/** Everything on one device, as the page grouped it. */
accountSessions.post(
  '/account/devices/end',
  operation(() => ({
    summary: 'Ends the sessions that are named, separated by spaces: those of a device',
    by: 'browser',
    form: pageForm({}, ['session_ids']),
    answers: AFTER_AN_END,
    refusals: [401],
  })),
  c =>
    endFromForm(c, form => {
      const sessionIds = (form.session_ids ?? '').split(' ').filter(id => isTaggedId('s', id))
      return {
        selection: { kind: 'listed', sessionIds },
        after: 'notice=device_ended',
        otherwise: 'notice=list_changed',
      }
    }),
)

accountSessions.post(
  '/account/sessions/end-others',
  operation(() => ({
    summary: 'Ends the user’s other sessions of one client, or of every client (`*`), from a form',
    by: 'browser',
    form: pageForm({}, ['client_id']),
    answers: AFTER_AN_END,
    refusals: [401],
  })),
  c =>
    endFromForm(c, ({ client_id: clientId }) =>
      clientId === undefined
        ? null
        : {
            selection: { kind: 'others', clientId: clientId === EVERY_CLIENT ? null : clientId },
            after: 'notice=others_ended',
          },
    ),
)

accountSessions.post(
  '/account/sessions/end-all',
  operation(() => ({
    summary: 'Signs out everywhere, from a form; third-party apps only with `include_apps=on`',
    by: 'browser',
    form: pageForm({}, ['include_apps']),
    answers: AFTER_AN_END,
    refusals: [401],
  })),
  c =>
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
