// The sessions on one client: a card each, and one way to end all of them but the caller's.
import type { FC } from 'hono/jsx'
import { Confirm } from '../confirm.tsx'
import { Fill } from '../fill.tsx'
import { Given } from '../given.tsx'
import { texts } from '../texts.ts'
import { type AccountSession, SessionCard } from './session-card.tsx'

interface ClientSessionsProps {
  /** Unique on the page. */
  readonly id: string
  readonly csrfToken: string
  readonly sessions: readonly AccountSession[]
  readonly now: number
}

export const ClientSessions: FC<ClientSessionsProps> = ({ id, csrfToken, sessions, now }) => {
  const [first] = sessions
  if (first === undefined) return null
  return (
    <section aria-labelledby={id}>
      <div class="heading">
        <h2 id={id}>
          <Given text={first.clientName} otherwise={texts.app} />
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
  const client = <Given text={other.clientName} otherwise={texts.app} />
  const label = hasCurrent ? words.endOthers[others.length === 1 ? 'one' : 'many'] : words.endAll
  return (
    <Confirm
      id={id}
      action="/account/sessions/end-others"
      csrfToken={csrfToken}
      hidden={{ client_id: other.clientId }}
      label={label}
      labelOf={<Fill text={words.endOthersOf} values={{ client }} />}
      cancel={words.cancel}
      question={<Fill text={words.endOthersQuestion} values={{ client }} />}
      submit={words.endOthersConfirm}
    />
  )
}
