// The other way to look at the same sessions: by app, with one way to end all of an app's but the caller's own.
import type { FC } from 'hono/jsx'
import { Confirm } from '../confirm.tsx'
import { Fill } from '../fill.tsx'
import { Given } from '../given.tsx'
import { counted } from '../plural.ts'
import { texts } from '../texts.ts'
import { type AccountSession, grouped } from './account-session.ts'

interface ByAppProps {
  readonly csrfToken: string
  readonly sessions: readonly AccountSession[]
}

export const ByApp: FC<ByAppProps> = ({ csrfToken, sessions }) => {
  const words = texts.byApp
  const groups = grouped(sessions, session => session.clientId).filter(hasOthers)
  if (groups.length === 0) return null
  return (
    <section aria-labelledby="by-app">
      <h2 id="by-app">{words.title}</h2>
      <p class="hint">{words.lead}</p>
      <ul class="card rows">
        {groups.map((group, at) => (
          <AppRow id={`by-app-${at}`} csrfToken={csrfToken} sessions={group} />
        ))}
      </ul>
    </section>
  )
}

/** Only where it does more than the button of one session. */
const hasOthers = (sessions: readonly AccountSession[]): boolean => sessions.length > 1

const AppRow: FC<ByAppProps & { readonly id: string }> = ({ id, csrfToken, sessions }) => {
  const words = texts.byApp
  const [first] = sessions
  if (first === undefined) return null
  const client = <Given text={first.clientName} otherwise={texts.app} />
  const hasCurrent = sessions.some(session => session.current)
  const others = hasCurrent ? sessions.length - 1 : sessions.length
  return (
    <li class="row">
      <div class="facts">
        <h3>{client}</h3>
        <p>{counted(words.sessions, sessions.length)}</p>
      </div>
      <Confirm
        id={id}
        action="/account/sessions/end-others"
        csrfToken={csrfToken}
        hidden={{ client_id: first.clientId }}
        label={hasCurrent ? words.endOthers : words.endAll}
        labelOf={<Fill text={words.labelOf} values={{ client }} />}
        cancel={texts.account.cancel}
        question={
          <Fill
            text={counted(hasCurrent ? words.othersQuestion : words.allQuestion, others)}
            values={{ client }}
          />
        }
        submit={words.submit}
      />
    </li>
  )
}
