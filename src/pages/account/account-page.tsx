// The account page: where its user is signed in and the ways to end it, and everything else that is theirs. It shows
// no secret.
import type { Child, FC } from 'hono/jsx'
import type { Preferences } from '../../domain/preferences.ts'
import type { Retention } from '../../domain/retention.ts'
import { Confirm } from '../confirm.tsx'
import { Fill } from '../fill.tsx'
import { Notice } from '../notice.tsx'
import { SignedInLayout } from '../signed-in-layout.tsx'
import { texts } from '../texts.ts'
import { type AccountSession, grouped } from './account-session.ts'
import { Arrivals } from './arrivals.tsx'
import { ByApp } from './by-app.tsx'
import { type ConnectedApp, ConnectedApps } from './connected-apps.tsx'
import { DeviceCard } from './device-card.tsx'
import { EndedNotice, type EndedSession } from './ended-notice.tsx'
import { Everywhere } from './everywhere.tsx'
import { LogEntries, type LogEntry } from './log-entries.tsx'
import { PreferencesForm } from './preferences-form.tsx'
import { YourData } from './your-data.tsx'

export type { AccountSession, ConnectedApp }

const DEVICES_PER_PAGE = 50

export interface AccountPageProps {
  readonly csrfToken: string
  readonly email: string
  readonly sessions: readonly AccountSession[]
  /** Of these, what its user is asked about; oldest first. */
  readonly arrivals: readonly AccountSession[]
  /** How many devices stand on the pages before this one. */
  readonly from: number
  readonly apps: readonly ConnectedApp[]
  /** The newest of the log, newest first. */
  readonly log: readonly LogEntry[]
  readonly preferences: Preferences
  readonly retention: Retention
  /** Seconds, as are all times. */
  readonly now: number
  /** A key of `texts.notices`, or a text. */
  readonly notice?: string | undefined
  /** What has just been ended here. */
  readonly ended?: EndedSession | undefined
}

export const AccountPage: FC<AccountPageProps> = props => {
  const words = texts.account
  const { csrfToken, sessions, from, now, notice } = props
  const devices = grouped(sessions, session => session.deviceKey)
  return (
    <SignedInLayout title={words.title} csrfToken={csrfToken} wide scripts={['account.js']}>
      <p class="eyebrow">
        <Fill text={words.signedInAs} values={{ email: <bdi>{props.email}</bdi> }} />{' '}
        <a href="/account/email">{words.changeEmail}</a>
      </p>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Notice notice={notice} />
      {props.ended !== undefined && <EndedNotice ended={props.ended} now={now} />}
      <Arrivals csrfToken={csrfToken} arrivals={props.arrivals} now={now} />
      {notice === 'email_changed' && sessions.some(session => !session.current) && (
        <OtherSessions csrfToken={csrfToken} />
      )}
      <div id="signed-in" data-live>
        <div class="devices">
          {devices.slice(from, from + DEVICES_PER_PAGE).map((group, at) => (
            <DeviceCard id={`device-${at}`} csrfToken={csrfToken} sessions={group} now={now} />
          ))}
        </div>
        <Pager from={from} devices={devices.length} />
        <ByApp csrfToken={csrfToken} sessions={sessions} />
        <Everywhere csrfToken={csrfToken} sessions={sessions} />
      </div>
      <div id="apps" data-live>
        <ConnectedApps csrfToken={csrfToken} apps={props.apps} now={now} />
      </div>
      <div id="log" data-live>
        <Part id="security-log" title={texts.log.title} lead={texts.log.lead}>
          <LogEntries entries={props.log} now={now} />
          <p class="more">
            <a href="/account/log">{texts.log.all}</a>
          </p>
        </Part>
      </div>
      <Part id="preferences" title={texts.preferences.title} lead={texts.preferences.lead}>
        <PreferencesForm csrfToken={csrfToken} preferences={props.preferences} />
      </Part>
      <YourData retention={props.retention} />
    </SignedInLayout>
  )
}

const Pager: FC<{ readonly from: number; readonly devices: number }> = ({ from, devices }) => {
  const words = texts.account
  const next = from + DEVICES_PER_PAGE
  if (from === 0 && next >= devices) return null
  return (
    <nav class="pager" aria-label={words.pages}>
      {from > 0 && (
        <a class="button" href="/account">
          {words.first}
        </a>
      )}
      {next < devices && (
        <a class="button" href={`/account?from=${next}`}>
          {words.next}
        </a>
      )}
    </nav>
  )
}

interface PartProps {
  readonly id: string
  readonly title: string
  readonly lead: string
  readonly children?: Child
}

const Part: FC<PartProps> = ({ id, title, lead, children }) => (
  <section aria-labelledby={id}>
    <h2 id={id}>{title}</h2>
    <p class="hint">{lead}</p>
    {children}
  </section>
)

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
        submit={words.otherSessionsConfirm}
      />
    </section>
  )
}
