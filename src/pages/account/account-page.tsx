// "Where you're signed in": every live session, by client, and the ways to end them. It shows no secret.
import type { FC } from 'hono/jsx'
import { Confirm } from '../confirm.tsx'
import { Fill } from '../fill.tsx'
import { Form } from '../form.tsx'
import { Layout } from '../layout.tsx'
import { Notice } from '../notice.tsx'
import { texts } from '../texts.ts'
import { ClientSessions } from './client-sessions.tsx'
import { type ConnectedApp, ConnectedApps } from './connected-apps.tsx'
import type { AccountSession } from './session-card.tsx'

export type { AccountSession, ConnectedApp }

export interface AccountPageProps {
  readonly csrfToken: string
  readonly email: string
  readonly sessions: readonly AccountSession[]
  readonly apps: readonly ConnectedApp[]
  /** Seconds, as are all times of a session. */
  readonly now: number
  /** A key of `texts.notices`, or a text. */
  readonly notice?: string | undefined
}

export const AccountPage: FC<AccountPageProps> = ({ csrfToken, email, sessions, apps, now, notice }) => {
  const words = texts.account
  return (
    <Layout
      title={words.title}
      csrfToken={csrfToken}
      wide
      aside={
        <Form action="/sign-out" csrfToken={csrfToken}>
          <button type="submit" class="button">
            {words.signOut}
          </button>
        </Form>
      }
    >
      <p class="eyebrow">
        <Fill text={words.signedInAs} values={{ email: <bdi>{email}</bdi> }} />{' '}
        <a href="/account/email">{words.changeEmail}</a>
      </p>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Notice notice={notice} />
      {notice === 'email_changed' && sessions.some(session => !session.current) && (
        <OtherSessions csrfToken={csrfToken} />
      )}
      <div id="signed-in" data-live>
        {byClient(sessions).map((group, at) => (
          <ClientSessions id={`client-${at}`} csrfToken={csrfToken} sessions={group} now={now} />
        ))}
        <Everywhere csrfToken={csrfToken} hasApps={sessions.some(session => session.kind === 'third_party')} />
      </div>
      <div id="apps" data-live>
        <ConnectedApps csrfToken={csrfToken} apps={apps} now={now} />
      </div>
    </Layout>
  )
}

const newestFirst = (a: AccountSession, b: AccountSession): number =>
  Number(b.current) - Number(a.current) || b.lastSeenAt - a.lastSeenAt

/** The caller's client first, then by newest activity; within a client likewise. */
const byClient = (sessions: readonly AccountSession[]): readonly (readonly AccountSession[])[] => [
  ...Map.groupBy(sessions.toSorted(newestFirst), session => session.clientId).values(),
]

/** After a change of address: whoever was signed in before still is (ASVS 7.4.3). */
const OtherSessions: FC<{ readonly csrfToken: string }> = ({ csrfToken }) => {
  const words = texts.account
  return (
    <section aria-labelledby="other-sessions">
      <h2 id="other-sessions">{words.otherSessions}</h2>
      <p class="hint">{words.otherSessionsLead}</p>
      <Confirm
        id="other-sessions-question"
        action="/account/sessions/end-others"
        csrfToken={csrfToken}
        hidden={{ client_id: '*' }}
        label={words.otherSessionsEnd}
        cancel={words.cancel}
        question={words.otherSessionsQuestion}
        submit={words.endOthersConfirm}
      />
    </section>
  )
}

const Everywhere: FC<{ readonly csrfToken: string; readonly hasApps: boolean }> = ({
  csrfToken,
  hasApps,
}) => {
  const words = texts.account
  return (
    <section class="everywhere" aria-labelledby="everywhere">
      <h2 id="everywhere">{words.everywhere}</h2>
      <p class="hint">{words.everywhereLead}</p>
      <Confirm
        id="everywhere-question"
        action="/account/sessions/end-all"
        csrfToken={csrfToken}
        hidden={{ client_id: '*' }}
        label={words.everywhere}
        cancel={words.cancel}
        question={hasApps ? words.everywhereQuestionApps : words.everywhereQuestion}
        submit={words.everywhereConfirm}
      />
    </section>
  )
}
