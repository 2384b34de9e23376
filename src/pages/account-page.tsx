// "Where you're signed in": every live session, by client, and the ways to end them. It shows no secret.
import type { FC } from 'hono/jsx'
import { Confirm } from './confirm.tsx'
import { Fill } from './fill.tsx'
import { Form } from './form.tsx'
import { Given } from './given.tsx'
import { Layout } from './layout.tsx'
import { type AccountSession, SessionCard } from './session-card.tsx'
import { messageOf, texts } from './texts.ts'

export type { AccountSession }

export interface AccountPageProps {
  readonly csrfToken: string
  readonly email: string
  readonly sessions: readonly AccountSession[]
  /** Seconds, as are all times of a session. */
  readonly now: number
  /** A key of `texts.notices`, or a text. */
  readonly notice?: string | undefined
}

export const AccountPage: FC<AccountPageProps> = ({ csrfToken, email, sessions, now, notice }) => {
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
        <Fill text={words.signedInAs} values={{ email: <bdi>{email}</bdi> }} />
      </p>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      {notice !== undefined && (
        <p class="notice" role="status">
          <bdi>{messageOf(texts.notices, notice)}</bdi>
        </p>
      )}
      {byClient(sessions).map((group, at) => (
        <ClientSessions id={`client-${at}`} csrfToken={csrfToken} sessions={group} now={now} />
      ))}
      <Everywhere csrfToken={csrfToken} hasApps={sessions.some(session => session.kind === 'third_party')} />
    </Layout>
  )
}

const newestFirst = (a: AccountSession, b: AccountSession): number =>
  Number(b.current) - Number(a.current) || b.lastSeenAt - a.lastSeenAt

/** The caller's client first, then by newest activity; within a client likewise. */
const byClient = (sessions: readonly AccountSession[]): readonly (readonly AccountSession[])[] => [
  ...Map.groupBy(sessions.toSorted(newestFirst), session => session.clientId).values(),
]

interface ClientSessionsProps {
  readonly id: string
  readonly csrfToken: string
  readonly sessions: readonly AccountSession[]
  readonly now: number
}

const ClientSessions: FC<ClientSessionsProps> = ({ id, csrfToken, sessions, now }) => {
  const [first] = sessions
  if (first === undefined) return null
  return (
    <section aria-labelledby={id}>
      <div class="heading">
        <h2 id={id}>
          <Given text={first.clientName} />
        </h2>
        {first.kind === 'third_party' && <p class="badge">{texts.account.thirdParty}</p>}
      </div>
      <ul class="cards">
        {sessions.map((session, at) => (
          <SessionCard id={`${id}-${at}`} csrfToken={csrfToken} session={session} now={now} />
        ))}
      </ul>
      <EndOthers id={`${id}-others`} csrfToken={csrfToken} sessions={sessions} />
    </section>
  )
}

/** Only where it does more than the button of one card. */
const EndOthers: FC<Omit<ClientSessionsProps, 'now'>> = ({ id, csrfToken, sessions }) => {
  const words = texts.account
  const others = sessions.filter(session => !session.current)
  const [other] = others
  const hasCurrent = others.length < sessions.length
  if (other === undefined || (!hasCurrent && others.length === 1)) return null
  const client = <Given text={other.clientName} />
  const label = hasCurrent ? words.endOthers[others.length === 1 ? 'one' : 'many'] : words.endAllOf
  return (
    <Confirm
      id={id}
      action="/account/sessions/end-others"
      csrfToken={csrfToken}
      hidden={{ client_id: other.clientId }}
      label={<Fill text={label} values={{ count: others.length }} />}
      labelOf={<Fill text={words.endOthersOf} values={{ client }} />}
      cancel={words.cancel}
      question={<Fill text={words.endOthersQuestion} values={{ client }} />}
      submit={words.endOthersConfirm}
    />
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
        label={words.everywhere}
        cancel={words.cancel}
        question={hasApps ? words.everywhereQuestionApps : words.everywhereQuestion}
        submit={words.everywhereConfirm}
      >
        {hasApps && (
          <label class="choice">
            <input type="checkbox" name="include_apps" value="true" />
            {words.includeApps}
          </label>
        )}
      </Confirm>
    </section>
  )
}
