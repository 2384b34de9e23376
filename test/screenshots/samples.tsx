// Every page with sample props, kind ones and nasty ones: for pictures, and for tests of what all pages share.
import type { EndReason } from '../../src/domain/events.ts'
import { DEFAULT_PREFERENCES } from '../../src/domain/preferences.ts'
import { AccountDeletedPage } from '../../src/pages/account/account-deleted-page.tsx'
import {
  AccountPage,
  type AccountPageProps,
  type AccountSession,
  type ConnectedApp,
} from '../../src/pages/account/account-page.tsx'
import { DeletePage } from '../../src/pages/account/delete-page.tsx'
import { EmailCodePage } from '../../src/pages/account/email-code-page.tsx'
import { EmailPage } from '../../src/pages/account/email-page.tsx'
import type { LogEntry } from '../../src/pages/account/log-entries.tsx'
import { LogPage } from '../../src/pages/account/log-page.tsx'
import { NotMeDonePage } from '../../src/pages/account/not-me-done-page.tsx'
import { NotMeInvalidPage } from '../../src/pages/account/not-me-invalid-page.tsx'
import { NotMePage, type Suspect } from '../../src/pages/account/not-me-page.tsx'
import { AdminPage, type AdminPageProps } from '../../src/pages/admin/admin-page.tsx'
import { AdminSignInPage } from '../../src/pages/admin/admin-sign-in-page.tsx'
import { CheckMailPage } from '../../src/pages/check-mail-page.tsx'
import { CodeRequiredPage } from '../../src/pages/code-required-page.tsx'
import { ConsentPage, type ConsentPageProps } from '../../src/pages/consent-page.tsx'
import { DeviceDecidedPage } from '../../src/pages/device-decided-page.tsx'
import { DevicePage } from '../../src/pages/device-page.tsx'
import type { EndedSessionProps } from '../../src/pages/ended-session.tsx'
import { ErrorPage } from '../../src/pages/error-page.tsx'
import { LinkEndedPage } from '../../src/pages/link-ended-page.tsx'
import { LinkPage } from '../../src/pages/link-page.tsx'
import { OpenInAppPage } from '../../src/pages/open-in-app-page.tsx'
import { SignInPage } from '../../src/pages/sign-in-page.tsx'
import { SignOutPage } from '../../src/pages/sign-out-page.tsx'
import { SignedOutPage } from '../../src/pages/signed-out-page.tsx'
import { texts } from '../../src/pages/texts.ts'
import { WrongBrowserPage } from '../../src/pages/wrong-browser-page.tsx'

export const NOW = 1_795_000_000
const HOUR = 3600
const DAY = 24 * HOUR

/** Markup, a quote, a bidi override, and nowhere to break. */
export const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)>&lt;b&gt;\u202E${'W'.repeat(240)}`

/** Marks piled on one letter, and a name that nobody can see. */
const PILED = `A${'\u0301\u0316'.repeat(100)}nn`
const UNSEEN = '\u200b\u2066 '

export const CSRF = 'csrf-token-of-the-sample'
export const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.link-token-of-the-sample.c2ln'

export function sampleSession(changes: Partial<AccountSession>): AccountSession {
  const id = changes.id ?? 's_AAsample'
  return {
    id,
    deviceKey: id,
    current: false,
    clientId: 'account',
    clientName: 'Latchkey',
    kind: 'first_party',
    device: { name: null, kind: 'desktop', os: 'macOS', browser: 'Firefox' },
    place: { country: 'DE', city: 'Berlin' },
    createdAt: NOW - 3 * DAY,
    lastSeenAt: NOW - 2 * HOUR,
    expiresAt: NOW + 6 * DAY,
    ...changes,
  }
}

const phone = { kind: 'phone', os: 'iOS', browser: null } as const
const bank = { clientId: 'bank-ios', clientName: 'Harbour Bank' }

export const SESSIONS: readonly AccountSession[] = [
  sampleSession({ id: 's_1', current: true, lastSeenAt: NOW - 20, createdAt: NOW - 40 * 60 }),
  sampleSession({
    id: 's_2',
    device: { name: null, kind: 'phone', os: 'Android', browser: 'Chrome' },
    place: { country: 'PT', city: 'Lisbon' },
  }),
  sampleSession({
    id: 's_3',
    deviceKey: 'iphone',
    ...bank,
    device: { name: 'Ann’s iPhone', ...phone },
    lastSeenAt: NOW - 60,
  }),
  sampleSession({
    id: 's_8',
    deviceKey: 'iphone',
    clientId: 'demo',
    clientName: 'Harbour Savings',
    device: { name: 'Ann’s iPhone', ...phone },
    lastSeenAt: NOW - 3 * HOUR,
  }),
  sampleSession({
    id: 's_4',
    ...bank,
    device: { name: 'Old iPhone', ...phone },
    lastSeenAt: NOW - 4 * DAY,
    createdAt: NOW - 22 * DAY,
    expiresAt: NOW + 3 * DAY,
  }),
  sampleSession({
    id: 's_5',
    ...bank,
    device: { name: 'Kitchen iPad', kind: 'tablet', os: 'iPadOS', browser: null },
    place: { country: 'DE', city: null },
    lastSeenAt: NOW - DAY,
  }),
  sampleSession({
    id: 's_7',
    clientId: 'notes',
    clientName: 'دفتر الملاحظات',
    kind: 'third_party',
    device: { name: `${PILED} \u202Exgnp.exe`, kind: 'tablet', os: 'Android', browser: 'Chrome' },
    place: { country: 'T1', city: null },
  }),
  sampleSession({
    id: 's_6',
    clientId: 'tally',
    clientName: 'Tally Bookkeeping',
    kind: 'third_party',
    device: { name: UNSEEN, kind: 'other', os: null, browser: null },
    place: { country: null, city: null },
    lastSeenAt: NOW - 5 * HOUR,
  }),
]

const ARRIVALS: readonly AccountSession[] = [
  ...Array.from({ length: 4 }, (_, at) => sampleSession({ id: `s_9${at}`, createdAt: NOW - 600 })),
  sampleSession({
    id: 's_8',
    device: { name: null, kind: 'phone', os: 'Android', browser: 'Chrome' },
    place: { country: 'PT', city: 'Lisbon' },
    createdAt: NOW - 150,
  }),
  sampleSession({ id: 's_3', ...bank, device: { name: 'Ann’s iPhone', ...phone }, createdAt: NOW - 5 }),
]

const hostileSession = (hostile: string, changes: Partial<AccountSession> = {}): AccountSession =>
  sampleSession({
    id: hostile,
    clientId: hostile,
    clientName: hostile,
    kind: 'third_party',
    device: { name: hostile, kind: 'phone', os: hostile, browser: hostile },
    place: { country: hostile, city: hostile },
    ...changes,
  })

const APPS: readonly ConnectedApp[] = [
  {
    clientId: 'ledger',
    name: 'Ledger & Co',
    scopes: ['openid', 'email', 'accounts:read'],
    grantedAt: NOW - 9 * DAY,
    lastUsedAt: NOW - 5 * HOUR,
  },
  { clientId: 'c_1', name: 'Tally', scopes: [], grantedAt: NOW - 40, lastUsedAt: null },
]

export function sampleEntry(changes: Partial<LogEntry>): LogEntry {
  return {
    type: 'session.created',
    at: NOW - 25 * 60,
    reason: null,
    clientName: 'Harbour Bank',
    device: { name: 'Ann’s iPhone', ...phone },
    place: { country: 'DE', city: 'Berlin' },
    from: null,
    ...changes,
  }
}

const none = { clientName: null, device: null, place: null }
const mac = { name: null, kind: 'desktop', os: 'macOS', browser: 'Firefox' } as const

const ENDS = Object.keys(texts.log.ended) as EndReason[]

/** Each kind of entry once. */
export const LOG: readonly LogEntry[] = [
  sampleEntry({}),
  sampleEntry({ ...none, type: 'preference.changed', from: mac }),
  ...ENDS.map(reason =>
    sampleEntry({ type: 'session.ended', reason, from: reason === 'ended_by_user' ? mac : null }),
  ),
  sampleEntry({ type: 'sign_in.refused', reason: 'session_limit_reached', at: NOW - 2 * DAY }),
  sampleEntry({ type: 'sign_in.refused', reason: 'user_disabled', at: NOW - 2 * DAY }),
  sampleEntry({ ...none, clientName: 'Tally', type: 'consent.granted', at: NOW - 9 * DAY, from: mac }),
  sampleEntry({ ...none, clientName: 'Tally', type: 'consent.withdrawn', at: NOW - 9 * DAY, from: mac }),
  sampleEntry({ ...none, type: 'email.changed', at: NOW - 10 * DAY }),
  sampleEntry({ ...none, type: 'user.disabled', at: NOW - 11 * DAY }),
  sampleEntry({ ...none, type: 'user.enabled', at: NOW - 11 * DAY }),
]

const hostileEntry = (text: string): LogEntry =>
  sampleEntry({
    clientName: text,
    device: { name: text, kind: 'phone', os: text, browser: text },
    place: { country: text, city: text },
    from: { name: text, kind: 'phone', os: text, browser: text },
  })

export const RETENTION_DAYS = {
  logDetailsDays: 365,
  deletedLogDays: 30,
  alarmDays: 365,
  webhookDeliveryDays: 30,
}

export const accountPage = (changes: Partial<AccountPageProps> = {}) => (
  <AccountPage
    csrfToken={CSRF}
    email="ann@example.test"
    sessions={SESSIONS}
    arrivals={[]}
    from={0}
    apps={APPS}
    log={LOG.slice(0, 5)}
    preferences={DEFAULT_PREFERENCES}
    retention={RETENTION_DAYS}
    now={NOW}
    {...changes}
  />
)

const hostileApp = (text: string): ConnectedApp => ({
  clientId: text,
  name: text,
  scopes: [text],
  grantedAt: NOW,
  lastUsedAt: NOW,
})

const connectTo = (
  changes: {
    readonly ownerHost?: string
    readonly redirectUri?: string
    readonly scopes?: readonly string[]
  } = {},
) =>
  ({
    kind: 'connect',
    resource: null,
    ownerHost: null,
    redirectUri: 'https://app.ledger.example/callback',
    scopes: ['openid', 'email', 'accounts:read'],
    ...changes,
  }) as const

const consent = (changes: Partial<ConsentPageProps> = {}) => (
  <ConsentPage
    csrfToken={CSRF}
    action="/oauth2/authorize/continue"
    request={TOKEN}
    clientName="Ledger & Co"
    about={connectTo()}
    email="ann@example.test"
    otherAccount="/sign-in?continue=%2Foauth2%2Fauthorize"
    {...changes}
  />
)

export const endedSession = (changes: Partial<EndedSessionProps> = {}): EndedSessionProps => ({
  reason: 'replaced',
  at: NOW - 25 * 60,
  now: NOW,
  setting: null,
  by: {
    clientName: 'Latchkey',
    device: { name: null, kind: 'desktop', os: 'Windows', browser: 'Firefox' },
    place: { country: 'DE', city: 'Berlin' },
  },
  ...changes,
})

const endedBy = (text: string) => ({
  clientName: text,
  device: { name: text, kind: 'phone' as const, os: text, browser: text },
  place: { country: text, city: text },
})

/** The pages whose props hold text from outside, with that text in each of them. */
export const pagesWith = (text: string): Readonly<Record<string, unknown>> => ({
  'sign-in-hostile': (
    <SignInPage csrfToken={CSRF} continueTo={text} email={text} error={text} notice={text} />
  ),
  'sign-in-ended-hostile': (
    <SignInPage csrfToken={CSRF} continueTo={null} ended={endedSession({ by: endedBy(text) })} />
  ),
  'admin-hostile': (
    <AdminPage
      csrfToken={CSRF}
      stats={{
        ...NO_STATS,
        // All else is made of codes and ids of ours.
        alarms: [{ ...alarm, detail: text }],
        webhooks: [{ id: 'w_1', url: text, waiting: 0, given_up: 0 }],
      }}
    />
  ),
  'email-hostile': <EmailPage csrfToken={CSRF} current={text} error={text} />,
  'delete-hostile': <DeletePage csrfToken={CSRF} email={text} sessions={2} apps={0} error={text} />,
  'email-code-hostile': <EmailCodePage csrfToken={CSRF} error={text} />,
  'check-mail-hostile': <CheckMailPage csrfToken={CSRF} error={text} ended={false} />,
  'link-hostile': <LinkPage csrfToken={CSRF} token={text} clientName={text} />,
  'open-in-app-hostile': <OpenInAppPage csrfToken={CSRF} clientName={text} />,
  'not-me-hostile': (
    <NotMePage
      csrfToken={CSRF}
      token={text}
      suspects={[
        {
          is: 'later',
          clientName: text,
          session: {
            id: 's_1',
            device: { name: text, kind: 'phone', os: text, browser: text },
            place: { country: text, city: text },
            createdAt: NOW,
          },
        },
      ]}
      now={NOW}
    />
  ),
  'not-me-done-hostile': <NotMeDonePage csrfToken={CSRF} token={text} what="ended" asksForCode />,
  'code-required-hostile': <CodeRequiredPage csrfToken={CSRF} signInId={text} error={text} />,
  'account-hostile': accountPage({
    email: text,
    apps: [hostileApp(text)],
    sessions: [
      hostileSession(text, { current: true, lastSeenAt: NOW }),
      hostileSession(text, { deviceKey: 'two' }),
    ],
    arrivals: [hostileSession(text)],
    log: [hostileEntry(text)],
    notice: text,
    ended: { device: { name: text, kind: 'phone', os: text, browser: text }, clientName: text, at: NOW },
  }),
  'account-log-hostile': (
    <LogPage csrfToken={CSRF} entries={[hostileEntry(text)]} olderThan={null} isNewest now={NOW} />
  ),
  'consent-hostile': consent({ clientName: text, email: text, about: connectTo({ scopes: [text] }) }),
  'sign-out-hostile': (
    <SignOutPage csrfToken={CSRF} action="/x" hidden={{ state: text }} clientName={text} email={text} />
  ),
  'device-hostile': <DevicePage csrfToken={CSRF} action="/device" userCode={text} error={text} />,
  'consent-device-hostile': consent({ clientName: text, email: text, about: askingDevice(text) }),
  'device-denied-hostile': <DeviceDecidedPage csrfToken={CSRF} isAllowed={false} clientName={text} />,
  'error-hostile': <ErrorPage status={400} title={text} detail={text} requestId={text} signInAgain />,
})

const askingDevice = (text: string | null = null) =>
  ({
    kind: 'device',
    resource: 'https://api.harbour.example/',
    userCode: 'BCDF-GH29',
    device: { name: text, kind: 'other', os: 'webOS', browser: 'Chrome' },
    place: { country: 'DE', city: text ?? 'Hamburg' },
    scopes: ['openid', 'email', text ?? 'accounts:read'],
  }) as const

const quiet = (at: number) => ({ at, sign_ins: 0, refreshes: 0, ended: 0, refusals: 0 })
const NO_STATS: AdminPageProps['stats'] = {
  at: NOW,
  hours: Array.from({ length: 24 }, (_, at) => quiet(NOW - (23 - at) * HOUR)),
  days: Array.from({ length: 30 }, (_, at) => quiet(NOW - (29 - at) * DAY)),
  refused: [],
  ended: [],
  alarms: [],
  mails: { waiting: 0, oldestAt: null },
  queue: null,
  webhooks: [],
  keys: [],
  cronAt: null,
}
const busy = ({ at }: { readonly at: number }, index: number) => ({
  at,
  sign_ins: Math.round(900 + 800 * Math.sin(index / 3)),
  refreshes: 12_000 + 731 * (index % 7),
  ended: (index * 37) % 101,
  refusals: index === 17 ? 4_200 : index % 5,
})
const alarm = {
  id: 'a_1',
  kind: 'token.forged',
  severity: 'critical',
  count: 1_204,
  first_at: NOW - 5 * HOUR,
  last_at: NOW - 30,
  detail: 'a valid signature on a token that was never issued',
}
const STATS: AdminPageProps['stats'] = {
  at: NOW,
  hours: NO_STATS.hours.map(busy),
  days: NO_STATS.days.map(busy),
  refused: [
    { reason: 'invalid_grant', day: 210, month: 4_310 },
    { reason: 'rate_limited', day: 4_000, month: 4_002 },
    { reason: 'authorization_pending', day: 0, month: 12 },
  ],
  ended: [
    { reason: 'signed_out', day: 90, month: 2_800 },
    { reason: 'replaced', day: 12, month: 333 },
  ],
  alarms: [
    alarm,
    { ...alarm, id: 'a_2', kind: 'webhook.failing', severity: 'medium', detail: 'W'.repeat(200) },
  ],
  mails: { waiting: 12, oldestAt: NOW - 4 * 60 },
  queue: { messages: 3, oldestAt: NOW - 20 },
  webhooks: [{ id: 'w_1', url: 'https://hooks.example.test/secret', waiting: 2, given_up: 1 }],
  keys: [
    { kid: 'k_pendingpendingpending', state: 'pending', created_at: NOW - DAY, active_at: null },
    { kid: 'k_activeactiveactive', state: 'active', created_at: NOW - 40 * DAY, active_at: NOW - 20 * DAY },
  ],
  cronAt: NOW - 40,
}

const suspect = (is: Suspect['is'], minutesAgo: number): Suspect => ({
  is,
  clientName: 'Harbour Bank',
  session: {
    id: `s_${is}`,
    device: { name: null, kind: 'phone', os: 'Android', browser: 'Chrome' },
    place: { country: 'PT', city: 'Lisbon' },
    createdAt: NOW - minutesAgo * 60,
  },
})

export const PAGES: Readonly<Record<string, unknown>> = {
  'sign-in': <SignInPage csrfToken={CSRF} continueTo={null} />,
  'sign-in-error': (
    <SignInPage
      csrfToken={CSRF}
      continueTo="/oauth2/authorize?a=1&b=2"
      email="ann@@x.test"
      error="invalid_email"
    />
  ),
  'sign-in-recent': (
    <SignInPage csrfToken={CSRF} continueTo="/account/email" notice="recent_sign_in_required" />
  ),
  'sign-in-traits': <SignInPage csrfToken={CSRF} continueTo={null} notice="traits_changed" />,
  'sign-in-replaced': (
    <SignInPage csrfToken={CSRF} continueTo={null} ended={endedSession({ setting: 'one_device' })} />
  ),
  'sign-in-ended-by-user': (
    <SignInPage
      csrfToken={CSRF}
      continueTo={null}
      ended={endedSession({
        reason: 'ended_by_user',
        by: {
          clientName: 'Harbour Bank',
          device: { name: 'Ann’s iPhone', ...phone },
          place: { country: null, city: null },
        },
      })}
    />
  ),
  'sign-in-not-me': (
    <SignInPage csrfToken={CSRF} continueTo={null} ended={endedSession({ reason: 'not_me', by: null })} />
  ),
  'sign-in-expired': (
    <SignInPage csrfToken={CSRF} continueTo={null} ended={endedSession({ reason: 'expired', by: null })} />
  ),
  email: <EmailPage csrfToken={CSRF} current="ann@example.test" />,
  'email-error': <EmailPage csrfToken={CSRF} current="ann@example.test" error="email_change_ended" />,
  'email-code': <EmailCodePage csrfToken={CSRF} />,
  'email-code-error': <EmailCodePage csrfToken={CSRF} error="wrong_code" />,
  delete: <DeletePage csrfToken={CSRF} email="ann@example.test" sessions={4} apps={2} />,
  'delete-error': (
    <DeletePage csrfToken={CSRF} email="ann@example.test" sessions={1} apps={0} error="wrong_address" />
  ),
  'account-deleted': <AccountDeletedPage retention={RETENTION_DAYS} />,
  'sign-in-nothing-deleted': <SignInPage csrfToken={CSRF} continueTo={null} notice="nothing_deleted" />,
  'check-mail': <CheckMailPage csrfToken={CSRF} ended={false} />,
  'check-mail-ended': <CheckMailPage csrfToken={CSRF} ended />,
  'check-mail-error': <CheckMailPage csrfToken={CSRF} error="wrong_code" ended={false} />,
  link: <LinkPage csrfToken={CSRF} token={TOKEN} clientName="Harbour Bank" />,
  'code-required': <CodeRequiredPage csrfToken={CSRF} signInId="i_aasample" />,
  'code-required-error': <CodeRequiredPage csrfToken={CSRF} signInId="i_aasample" error="wrong_code" />,
  'wrong-browser': <WrongBrowserPage csrfToken={CSRF} />,
  'link-used': <LinkEndedPage csrfToken={CSRF} why="used" />,
  'link-expired': <LinkEndedPage csrfToken={CSRF} why="expired" />,
  'link-invalid': <LinkEndedPage csrfToken={CSRF} why="invalid" />,
  'open-in-app': <OpenInAppPage csrfToken={CSRF} clientName="Harbour Bank" />,
  'not-me': <NotMePage csrfToken={CSRF} token={TOKEN} suspects={[suspect('told', 25)]} now={NOW} />,
  'not-me-replaced': (
    <NotMePage
      csrfToken={CSRF}
      token={TOKEN}
      suspects={[suspect('inPlace', 20), suspect('later', 2)]}
      now={NOW}
    />
  ),
  'not-me-ended': <NotMeDonePage csrfToken={CSRF} token={TOKEN} what="ended" asksForCode />,
  'not-me-ended-before': (
    <NotMeDonePage csrfToken={CSRF} token={TOKEN} what="endedBefore" asksForCode={false} />
  ),
  'not-me-all-ended': <NotMeDonePage csrfToken={CSRF} token={TOKEN} what="allEnded" asksForCode />,
  'not-me-here': <NotMeDonePage csrfToken={CSRF} token={null} what="ended" asksForCode />,
  'not-me-expired': <NotMeInvalidPage why="expired" />,
  'not-me-invalid': <NotMeInvalidPage why="invalid" />,
  account: accountPage(),
  'account-ended': accountPage({
    ended: { device: { name: 'Ann’s iPhone', ...phone }, clientName: 'Harbour Bank', at: NOW - 2 },
    preferences: { one_session_per_client: true, one_device: true, notify: { new_sign_in: 'always' } },
  }),
  'account-arrivals': accountPage({ arrivals: ARRIVALS }),
  'account-email-changed': accountPage({ notice: 'email_changed' }),
  'account-alone': accountPage({
    sessions: SESSIONS.slice(0, 1),
    apps: [],
    log: LOG.slice(0, 1),
    notice: 'others_ended',
  }),
  'account-many': accountPage({
    sessions: Array.from({ length: 60 }, (_, at) =>
      sampleSession({ id: `s_${at}`, current: at === 0, device: { name: `Phone ${at}`, ...phone } }),
    ),
    from: 50,
  }),
  'account-log': <LogPage csrfToken={CSRF} entries={LOG} olderThan={7} isNewest={false} now={NOW} />,
  consent: consent(),
  'consent-document': consent({ about: connectTo({ ownerHost: 'app.ledger.example' }) }),
  'consent-native': consent({ about: connectTo({ redirectUri: 'com.ledger.app:/callback', scopes: [] }) }),
  'choose-account': consent({ about: { kind: 'choose' }, clientName: 'Harbour Bank' }),
  'sign-out': (
    <SignOutPage
      csrfToken={CSRF}
      action="/x"
      hidden={{}}
      clientName="Harbour Bank"
      email="ann@example.test"
    />
  ),
  'sign-out-nobody': (
    <SignOutPage csrfToken={CSRF} action="/x" hidden={{}} clientName={null} email="ann@example.test" />
  ),
  'sign-out-unnamed': (
    <SignOutPage csrfToken={CSRF} action="/x" hidden={{}} clientName="Harbour Bank" email={null} />
  ),
  device: <DevicePage csrfToken={CSRF} action="/device" userCode="BCDF-GH29" />,
  'device-error': <DevicePage csrfToken={CSRF} action="/device" error="wrong_user_code" />,
  'consent-device': consent({ about: askingDevice() }),
  'device-allowed': <DeviceDecidedPage csrfToken={CSRF} isAllowed clientName="Ledger & Co" />,
  'device-denied': <DeviceDecidedPage csrfToken={CSRF} isAllowed={false} clientName="Ledger & Co" />,
  'signed-out': <SignedOutPage />,
  'admin-sign-in-error': <AdminSignInPage csrfToken={CSRF} error="wrong_token" />,
  admin: <AdminPage csrfToken={CSRF} stats={STATS} />,
  'admin-empty': <AdminPage csrfToken={CSRF} stats={NO_STATS} />,
  error: (
    <ErrorPage
      status={503}
      title="That did not work just now"
      detail="A part of this service does not answer. Nothing has been changed; please try again in a moment."
      requestId="01JD2Q7W9X3M"
    />
  ),
  'error-brief': (
    <ErrorPage status={429} title="Too many requests" detail="Too many requests" requestId="01JD2Q7W9X3M" />
  ),
  'error-sign-in': (
    <ErrorPage
      status={401}
      title="Please sign in again"
      detail="Your session has ended."
      requestId="01JD2Q7W9X3M"
      signInAgain
    />
  ),
}
