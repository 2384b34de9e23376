// Third-party apps that the user has allowed: what each may do, and the way to take it back.
import type { FC } from 'hono/jsx'
import { Confirm } from '../confirm.tsx'
import { Fill } from '../fill.tsx'
import { Given } from '../given.tsx'
import { Moment } from '../moment.tsx'
import { ScopeWords } from '../scope-words.tsx'
import { texts } from '../texts.ts'

export interface ConnectedApp {
  readonly clientId: string
  readonly name: string
  readonly scopes: readonly string[]
  /** Seconds. */
  readonly grantedAt: number
  /** Seconds; null while it is not signed in. */
  readonly lastUsedAt: number | null
}

interface ConnectedAppsProps {
  readonly csrfToken: string
  readonly apps: readonly ConnectedApp[]
  readonly now: number
}

export const ConnectedApps: FC<ConnectedAppsProps> = ({ csrfToken, apps, now }) => {
  const words = texts.connectedApps
  if (apps.length === 0) return null
  return (
    <section aria-labelledby="connected-apps">
      <h2 id="connected-apps">{words.title}</h2>
      <p class="hint">{words.lead}</p>
      <ul class="cards">
        {apps.map((app, at) => (
          <li class="card app">
            <div class="facts">
              <h3>
                <Given text={app.name} otherwise={texts.app} />
              </h3>
              <ScopeWords scopes={app.scopes} />
              <p class="hint">
                <Fill text={words.since} values={{ time: <Moment at={app.grantedAt} now={now} /> }} /> ·{' '}
                {app.lastUsedAt === null ? (
                  words.unused
                ) : (
                  <Fill text={words.lastUsed} values={{ time: <Moment at={app.lastUsedAt} now={now} /> }} />
                )}
              </p>
            </div>
            <Confirm
              id={`app-${at}`}
              action="/account/apps/withdraw"
              csrfToken={csrfToken}
              hidden={{ client_id: app.clientId }}
              label={words.withdraw}
              labelOf={<Given text={app.name} otherwise={texts.app} />}
              cancel={texts.account.keep}
              question={words.question}
              submit={words.confirm}
            />
          </li>
        ))}
      </ul>
    </section>
  )
}
