// Every word that a page says, in one table per language; pages hold none. `{name}` marks where a page puts a value.
// Another language is another table of the type Texts.
import type { EndReason, SignInRefused } from '../domain/events.ts'
import {
  DAY_SECONDS,
  EMAIL_CHANGE_SECONDS,
  MINUTE_SECONDS,
  NOTICE_LINK_SECONDS,
  RECENT_SIGN_IN_SECONDS,
  SESSION_ABSOLUTE_SECONDS,
  SESSION_IDLE_SECONDS,
  SIGN_IN_SECONDS,
  WRONG_CODES_LIMIT,
} from '../domain/limits.ts'
import { CODE_CHARS } from '../domain/typed-code.ts'

const minutes = SIGN_IN_SECONDS / MINUTE_SECONDS
const noticeDays = NOTICE_LINK_SECONDS / DAY_SECONDS
const emailMinutes = EMAIL_CHANGE_SECONDS / MINUTE_SECONDS
const idleDays = SESSION_IDLE_SECONDS / DAY_SECONDS
const absoluteDays = SESSION_ABSOLUTE_SECONDS / DAY_SECONDS
const recentMinutes = RECENT_SIGN_IN_SECONDS / MINUTE_SECONDS

const en = {
  language: 'en',
  direction: 'ltr',
  brand: 'Latchkey',
  errorPrefix: 'Error: ',

  signIn: {
    title: 'Sign in',
    lead: 'We send you an email with a link and a code. There is no password to remember.',
    email: 'Email address',
    submit: 'Send me the email',
  },

  /** On the sign-in page, to a browser whose session has ended. */
  endedSession: {
    title: 'You are no longer signed in here',
    signedInTo: 'Signed in to {client}',
    settings: {
      one_device: 'Your account is set to one device at a time.',
      one_session_per_client: 'Your account is set to one session per app.',
    },
    reasons: {
      signed_out: {
        what: 'This session was signed out {time}.',
        next: 'That was not you? Sign in here and look at where you’re signed in: end what you don’t recognise.',
      },
      replaced: {
        what: 'A newer sign-in took the place of this one {time}.',
        next: 'That was not you? Sign in here, end that session if it is still in your list, and change the password of your mailbox: whoever signed in could read your email.',
      },
      ended_by_user: {
        what: 'This session was ended from your account {time}.',
        next: 'That was not you? Sign in here, end what you don’t recognise in your list, and change the password of your mailbox: whoever signed in could read your email.',
      },
      ended_by_operator: {
        what: 'This session was ended {time} by those who run this service.',
        next: 'You can sign in again. They can tell you why.',
      },
      not_me: {
        what: 'This session was ended {time}: somebody with our email about a sign-in said that it was not theirs.',
        next: 'You signed in here yourself? Then sign in again. You did not send that answer? Then somebody else can read your email: change the password of your mailbox.',
      },
      refresh_reused: {
        what: 'This session was ended {time} to be safe: something that works only once was used twice.',
        next: 'Sign in again and look at where you’re signed in: end what you don’t recognise.',
      },
      code_reused: {
        what: 'This session was ended {time} to be safe: the code that began it was used twice.',
        next: 'Sign in again and look at where you’re signed in: end what you don’t recognise.',
      },
      expired: {
        what: 'This session ran out {time}.',
        next: `A session ends when it is not used for ${idleDays} days, and after ${absoluteDays} days at the latest. Sign in to go on.`,
      },
      user_disabled: {
        what: 'Your account was disabled {time} by those who run this service.',
        next: 'You can sign in once they have enabled it again. They can tell you why.',
      },
      consent_withdrawn: {
        what: 'This session was ended {time}, when its app was disconnected from your account.',
        next: 'That was not you? Sign in here and look at where you’re signed in: end what you don’t recognise.',
      },
    } satisfies Readonly<Record<EndReason, { readonly what: string; readonly next: string }>>,
    /** Not by the email: on the account page. */
    notMeElsewhere: {
      what: 'This session was ended {time}: somebody signed in to your account said that it was not theirs.',
      next: 'You signed in here yourself? Then sign in again, end what you don’t recognise in your list, and change the password of your mailbox.',
    },
  },

  code: {
    label: 'Code from the email',
    hint: `${CODE_CHARS} letters and digits. Capitals, spaces and hyphens do not matter.`,
  },

  checkMail: {
    title: 'Check your email',
    lead: `We sent you a link and a code. Both work for ${minutes} minutes, in this browser only.`,
    submit: 'Sign in with the code',
    or: 'Or open the link from the email in this browser.',
    proceed: 'I opened the link: continue',
    again: 'No email after a minute? Look in your spam folder, or {start}.',
    start: 'start again',
    waiting: 'This page then goes on by itself.',
    ended: 'This sign-in is over. Please start again.',
  },

  link: {
    title: 'One more step',
    lead: 'You are about to sign in to {client} in this browser.',
    submit: 'Sign in',
    caution: 'You did not ask for this? Then close this page: nothing has happened yet.',
  },

  codeRequired: {
    title: 'Type the code from the email',
    lead: 'Somebody signed in to your account who was not you, so this time the link alone is not enough. The code is in the same email as the link.',
    submit: 'Sign in with the code',
    caution: 'Type it only here, where you are signing in, and tell it to nobody.',
  },

  wrongBrowser: {
    title: 'Use the code instead',
    lead: 'This link was asked for in another browser or app, so it cannot sign you in here.',
    steps: [
      'Go back to where you started signing in.',
      'Type the code there. It is in the same email as this link.',
    ],
    note: 'Opening this page has used nothing up.',
    start: 'Start a new sign-in in this browser',
  },

  linkEnded: {
    used: {
      title: 'This link has been used',
      lead: 'A link signs you in once. If that was not you, sign in and look at your list of sessions.',
    },
    expired: {
      title: 'This link has expired',
      lead: `A link works for ${minutes} minutes. Ask for a new one and open it within that time.`,
    },
    invalid: {
      title: 'This link does not work',
      lead: 'Part of it may be missing. Open it from the email again, or ask for a new one.',
    },
    start: 'Start again',
  },

  notMe: {
    title: 'Was this not you?',
    over: 'The sign-in that we wrote to you about is over. That was not you? Then change the password of your mailbox: whoever signed in could read your email.',
    told: 'This is the sign-in to {client} that we wrote to you about.',
    inPlace: 'This newer sign-in to {client} took its place. It may be your own.',
    later: 'This is a later sign-in to {client}, from the same device as far as we can tell.',
    signedIn: 'Signed in {time}',
    submit: 'That was not me: end it',
    caution: 'It was you? Then close this page: what it shows stays signed in.',
  },

  notMeDone: {
    ended: {
      title: 'The session has ended',
      lead: 'Whoever was signed in there is signed out, at once and everywhere.',
    },
    endedBefore: {
      title: 'That session is over',
      lead: 'It had already ended.',
    },
    allEnded: {
      title: 'You are signed out everywhere',
      lead: 'Every session of your account has ended, apps included.',
    },
    next: 'What to do now',
    mailbox: 'Make your mailbox safe: change its password. Whoever signed in could read your email.',
    signInAgain: 'Then sign in here again, and look at where you’re signed in.',
    signInByCode:
      'Then sign in here again. This once, type the code from the email on the device that signs in: the link alone is not enough. Then look at where you’re signed in.',
    look: 'Then look at where you’re signed in: is there anything else that you don’t recognise?',
    codeNextTime:
      'Next time you sign in, type the code from the email. This once, the link alone is not enough.',
    rest: 'End all other sessions too',
    byNotice: {
      nobody: 'Nobody is signed in there any more, as far as we can tell.',
      restLead:
        'If you are not sure about the others: this signs out every device and every connected app, yours too.',
      back: 'Sign in',
    },
    here: {
      restLead:
        'If you are not sure about the others: this signs out every other device and every connected app. You stay signed in here.',
      back: 'Show where I’m signed in',
    },
  },

  notMeInvalid: {
    expired: {
      title: 'This link has expired',
      lead: `A link from a notice works for ${noticeDays} days.`,
    },
    invalid: {
      title: 'This link does not work',
      lead: 'Part of it may be missing. Open it from the email again.',
    },
    instead: 'You can always sign in and end any session in your list.',
    list: 'Show where I’m signed in',
  },

  openInApp: {
    title: 'Go back to the app',
    lead: 'You started signing in to {client} in its app, so this browser cannot finish it.',
    steps: ['Go back to the app.', 'Type the code there. It is in the same email as this link.'],
    note: 'Opening this page has used nothing up.',
  },

  account: {
    title: 'Where you’re signed in',
    lead: 'Something you don’t recognise? End it. That counts at once, everywhere.',
    signedInAs: 'Signed in as {email}',
    changeEmail: 'Change email address',
    signOut: 'Sign out',
    otherSessions: 'Your other sessions are still signed in',
    otherSessionsLead: 'Did you change your address because somebody may have got in? Then end them.',
    otherSessionsEnd: 'End all other sessions',
    otherSessionsQuestion:
      'All other devices and apps, connected apps too, are signed out at once and need a new sign-in.',
    otherSessionsConfirm: 'End them',
    thisOne: 'This browser',
    thirdParty: 'Connected app',
    activeNow: 'Active now',
    lastActive: 'Last active {time}',
    lifetime: 'Signed in {begin} ({place}) · ends {end} if left unused',
    cancel: 'Cancel',
    keep: 'Keep',
    end: 'End',
    endOf: 'the session of {client} on {device}',
    endQuestion: '{client} is signed out on {device} at once, and needs a new sign-in there.',
    endConfirm: 'End session',
    ended:
      'Done: {device} was signed out of {client} {time}, everywhere. Whatever was copied from it is worth nothing.',
    endDevice: {
      label: { one: 'End {n} session here', other: 'End all {n} here' },
      labelOf: 'on {device}',
      question: 'Everything on {device} is signed out at once and needs a new sign-in.',
      submit: 'End all of them',
    },
    pages: 'Pages of devices',
    next: 'More devices',
    first: 'Back to the first',
  },

  byApp: {
    title: 'By app',
    lead: 'The same sessions, seen from the apps that are signed in more than once.',
    sessions: { one: 'Signed in once', other: 'Signed in {n} times' },
    endOthers: 'End others',
    endAll: 'End all',
    labelOf: 'of {client}',
    othersQuestion: {
      one: 'The other session of {client} is signed out at once. This one stays.',
      other: 'The {n} other sessions of {client} are signed out at once. This one stays.',
    },
    allQuestion: {
      one: '{client} is signed out at once.',
      other: 'All {n} sessions of {client} are signed out at once.',
    },
    submit: 'End them',
  },

  everywhere: {
    title: 'Sign out everywhere',
    lead: 'For a lost phone, or when in doubt. It signs out all your devices, this one too.',
    cut: 'This ends {sessions} on {devices} at once, yours here too.',
    sessions: { one: '{n} session', other: '{n} sessions' },
    devices: { one: '{n} device', other: '{n} devices' },
    apps: { one: '{n} connected app stays.', other: '{n} connected apps stay.' },
    includeApps: { one: 'Sign out that app too', other: 'Sign out those {n} apps too' },
    submit: 'Sign out everywhere',
  },

  log: {
    title: 'Security log',
    lead: 'Every sign-in, every end and every change of your settings. Nobody can remove an entry.',
    all: 'Show the whole log',
    back: 'Back to where you’re signed in',
    pages: 'Pages of the log',
    newest: 'Newest',
    older: 'Older',
    empty: 'Nothing older than this.',
    from: 'from {device}',
    done: {
      'session.created': 'Signed in to {client}',
      'preference.changed': 'Preferences changed',
      'consent.granted': 'Connected {client}',
      'consent.withdrawn': 'Disconnected {client}',
      'email.changed': 'Email address changed',
      'user.disabled': 'The account was disabled by its operator',
      'user.enabled': 'The account was enabled again',
      'user.deleted': 'The account was deleted',
    },
    /** By the reason of the end. */
    ended: {
      signed_out: 'Signed out of {client}',
      replaced: 'Signed out of {client}: a newer sign-in took its place',
      ended_by_user: 'You ended a session of {client}',
      ended_by_operator: 'An operator ended a session of {client}',
      not_me: 'You said “not me” and ended a session of {client}',
      refresh_reused: 'Ended {client}: a used-up secret came back, so it may have been copied',
      code_reused: 'Ended {client}: its sign-in code came twice, so it may have been copied',
      expired: 'The session of {client} ran out',
      user_disabled: 'Ended {client}, because the account was disabled',
      consent_withdrawn: 'Signed out of {client}, which you disconnected',
    } satisfies Readonly<Record<EndReason, string>>,
    refused: {
      session_limit_reached: 'A sign-in to {client} was turned away: it allows no more sessions',
      user_disabled: 'A sign-in to {client} was turned away: the account is disabled',
    } satisfies Readonly<Record<SignInRefused['reason'], string>>,
  },

  preferences: {
    title: 'Preferences',
    lead: 'You can be stricter than an app, never laxer.',
    one_session_per_client: {
      label: 'One session per app',
      hint: 'A new sign-in to an app ends the former one to the same app.',
    },
    one_device: {
      label: 'One device at a time',
      hint: 'A sign-in anywhere ends all your others. Connected apps stay.',
    },
    notices: 'Write to me when somebody signs in',
    new_sign_in: {
      always: { label: 'Always' },
      new_device: { label: 'From a new device' },
      never: { label: 'Never' },
    },
    when: 'Counts from the next sign-in.',
    submit: 'Save preferences',
  },

  arrivals: {
    label: 'New sign-ins',
    title: 'New sign-in: {device}',
    signedIn: 'Signed in to {client} {time}',
    wasMe: 'That was me',
    wasNotMe: 'That wasn’t me: end it',
    of: '({device})',
    more: 'and {count} more below',
  },

  consent: {
    connect: {
      title: 'Connect this app?',
      lead: '{client} asks to be connected to your account {email}.',
      allow: 'Allow',
      deny: 'Don’t allow',
    },
    choose: {
      title: 'Continue with this account?',
      lead: 'You are about to go on to {client} as {email}.',
      allow: 'Continue',
      deny: 'Cancel',
    },
    device: {
      title: 'Connect another device?',
      lead: '{client}, an app on another device, asks to be connected to your account {email}.',
      askedFrom: 'Asked from: {device} · {place}',
      caution:
        'Allow this only if you started it yourself, on a device that shows you the code {code} now. Did somebody send you a code or a link? Then don’t: you would let them into your account.',
      allow: 'Allow',
      deny: 'Don’t allow',
    },
    ownedBy: 'This app is described by {host}, and known to us by nothing else.',
    answersAt: 'Its answer goes to {host}. Do you know this app?',
    thisDevice: 'an app on this device',
    asks: 'It may then',
    usedAt: 'It wants to use this at {resource}.',
    duration: `Until you disconnect it on your account page; after ${absoluteDays} days it has to send you here again.`,
    account: 'Signed in as {email}. {other}',
    other: 'Use another account',
  },

  scopes: {
    known: {
      openid: 'know that it is you, by a number that stands for your account',
      email: 'see your email address',
      sessions: 'see where you are signed in, and end any of those sessions',
    } as Readonly<Record<string, string>>,
    other: 'use {scope}',
    none: 'know that it is you, and nothing else',
  },

  connectedApps: {
    title: 'Connected apps',
    lead: 'Apps of others that you have allowed something.',
    since: 'Allowed {time}',
    lastUsed: 'last used {time}',
    unused: 'not signed in now',
    withdraw: 'Disconnect',
    question: 'It loses its access at once. To connect it again, it has to ask you.',
    confirm: 'Disconnect app',
  },

  signOut: {
    title: 'Sign out?',
    lead: 'You are signed in here as {email}.',
    leadUnnamed: 'A session of this browser has not ended yet.',
    leadOf: '{client} asks to sign you out here, where you are signed in as {email}.',
    hint: 'This ends the session in this browser. Your other devices and apps stay signed in.',
    submit: 'Sign out',
    stay: 'Stay signed in',
  },

  device: {
    title: 'Connect a device',
    lead: 'Type the code that the device shows. If it is here already, check that the device shows the same.',
    code: 'Code on the device',
    submit: 'Go on',
    allowed: {
      title: 'Go back to your device',
      lead: 'You have connected {client}. It goes on by itself in a few seconds.',
      account: 'You find it on {page}, where you can end it at any time.',
      page: 'your account page',
    },
    denied: {
      title: 'Not connected',
      lead: '{client} gets nothing. You can close this page.',
    },
  },

  formPost: {
    title: 'Going back to the app',
    lead: 'If nothing happens by itself, press the button.',
    submit: 'Continue',
  },

  email: {
    title: 'Change your email address',
    current: 'Your address now: {email}',
    lead: 'We send a code to the new address. Until you type it, nothing changes.',
    email: 'New email address',
    submit: 'Send me the code',
    back: 'Back to where you’re signed in',
  },

  emailCode: {
    title: 'Check your new mailbox',
    lead: `We sent an email to the new address. Its code works for ${emailMinutes} minutes, in this browser only.`,
    submit: 'Change the address',
    again: 'No email after a minute? Look in your spam folder, or {start}.',
    start: 'start again',
  },

  days: { one: '{n} day', other: '{n} days' },

  yourData: {
    title: 'Your data',
    lead: 'What we keep about you: your address, your preferences, where you are signed in, connected apps, and your security log.',
    log: 'Devices and places are removed from the log after {details}; its other entries stay until you delete your account, and at most {deleted} longer.',
    others:
      'Alarms about your account are kept for {alarms}, and notes of what other services were told about it for {deliveries}.',
    download: 'Download your data',
    delete: 'Delete account',
  },

  deleteAccount: {
    title: 'Delete your account?',
    current: 'Signed in as {email}',
    lead: 'This happens at once, and nobody can undo it:',
    sessions: {
      one: 'You are signed out here.',
      other: '{n} sessions end: you are signed out on all devices and in all apps.',
    },
    apps: { one: '{n} connected app is disconnected.', other: '{n} connected apps are disconnected.' },
    data: 'Your address, your preferences, and every device and place in your log are removed.',
    before: 'Do you want to keep a copy? {download} first.',
    download: 'Download your data',
    email: 'Your email address',
    emailHint: 'Type it to confirm.',
    submit: 'Delete my account',
    keep: 'Keep my account',
  },

  accountDeleted: {
    title: 'Your account is deleted',
    lead: 'You are signed out everywhere, and your address and every device and place in your log are removed.',
    rest: 'What is left are random numbers and times without a name: of the log for {deleted}, of alarms for {alarms}, and of what other services were told for {deliveries}. We have sent you one last email about it.',
    again: 'You can close this page. Signing in with the same address would begin a new account.',
  },

  /** An app without a name that can be seen. */
  app: 'this app',
  deviceName: {
    onSystem: '{browser} on {os}',
    phone: 'Phone',
    tablet: 'Tablet',
    desktop: 'Computer',
    other: 'Unknown device',
  },
  place: { tor: 'Tor network', unknown: 'Unknown place' },

  time: { justNow: 'just now', soon: 'within a minute' },

  signedOut: {
    title: 'You are signed out',
    lead: 'The session in this browser has ended.',
    again: 'Sign in again',
  },

  /** For operators. */
  admin: {
    title: 'Operations',
    refresh: 'Refresh',
    signOut: 'Close this page',
    signIn: {
      title: 'Operations',
      lead: 'The ADMIN_TOKEN of this instance opens this page for one hour, in this browser.',
      token: 'ADMIN_TOKEN',
      submit: 'Open',
    },
    alarms: {
      title: 'Open alarms',
      empty: 'None. What looks like an attack, or fails for good, appears here until you acknowledge it.',
      first: 'First',
      last: 'last',
      acknowledge: 'Acknowledge',
    },
    standing: {
      title: 'Now',
      oldest: 'the oldest from',
      mails: 'Mails waiting',
      noMails: 'None',
      queue: 'Messages in the queue',
      noMessages: 'None',
      unknown: 'Not told by the platform',
      webhooks: 'Webhooks',
      noWebhooks: 'None are registered: npm run admin -- webhooks create',
      webhook: 'Webhook',
      waiting: 'waiting',
      givenUp: 'given up in four days',
      key: 'Signing key,',
      states: {
        pending: 'next, made',
        active: 'signing since',
        retiring: 'retiring, signed from',
        gone: 'gone',
      },
    },
    hours: { title: 'The last 24 hours', short: '24 hours', each: 'in an hour' },
    days: { title: 'The last 30 days', short: '30 days', each: 'in a day' },
    utc: 'UTC',
    asTable: 'All figures as a table',
    plot: { inAll: 'in all', atMost: 'at most' },
    series: {
      sign_ins: { title: 'Sign-ins', empty: 'Nobody has signed in. Each session that begins is one.' },
      refreshes: { title: 'Tokens refreshed', empty: 'None. Each new pair of tokens is one.' },
      ended: { title: 'Sessions ended', empty: 'None. Each session that ends is one, whatever ended it.' },
      refusals: { title: 'Refusals', empty: 'None. Each request that is refused or fails is one.' },
    },
    reason: 'Reason',
    refused: { title: 'Refusals by reason', empty: 'None. Why requests were refused appears here.' },
    ended: { title: 'Sessions ended, by reason', empty: 'None. Why sessions ended appears here.' },
    cron: 'Housekeeping last ran',
    never: 'never',
    kept: 'Figures are kept for 31 days; what happened in the last minute may be missing.',
  },

  error: {
    status: 'Error {status}',
    requestId: 'If you ask for help, quote this number: {id}',
    signIn: 'Sign in again',
    home: 'Go to the start page',
    /** What to do, by status, where an error says no more than its title. */
    advice: {
      403: 'Go back, load the page again and try once more.',
      404: 'There is nothing at this address.',
      429: 'Please wait a moment, then try again.',
      503: 'Please try again in a moment.',
    } as Readonly<Record<number, string>>,
    otherAdvice: 'Please start again.',
  },

  /** What went wrong in a form, by key; a page shows any other text as it is. */
  errors: {
    invalid_email: 'That is not an address that we can send email to. Please check it.',
    wrong_code: `That code is not right. Please check it: after ${WRONG_CODES_LIMIT} wrong codes you start again.`,
    same_address: 'That is your address already.',
    wrong_address: 'That is not the address of this account. Nothing has been deleted.',
    email_change_ended: 'That code no longer works. Please ask for a new one.',
    address_taken: 'That address has got an account of its own meanwhile. Please use another one.',
    wrong_token: 'That is not the ADMIN_TOKEN of this instance.',
    wrong_user_code:
      'That code is not right, or its time is over. Please check it, or start again on the device.',
  },

  /** What has been done, by key; a page shows any other text as it is. */
  notices: {
    app_disconnected: 'The app is disconnected.',
    others_ended: 'The other sessions have ended, at once and everywhere.',
    device_ended: 'What your list showed on that device has ended, at once and everywhere.',
    list_changed: 'The list has changed: what it showed on that device had already ended. Please look again.',
    preferences_saved: 'Your preferences are saved. They count from the next sign-in.',
    email_changed: 'Your email address has been changed. From now on you sign in with the new one.',
    traits_changed: 'This browser does not look like the one that signed in. Please sign in again.',
    nothing_deleted:
      'You were not signed in here any more, so nothing was deleted just now. Have you deleted your account in another window? Then it is gone, and there is nothing left to do.',
    recent_sign_in_required: `That needs a sign-in within the last ${recentMinutes} minutes. Please sign in again; then you go on.`,
  },
}

export type Texts = typeof en

export const texts: Texts = en

/** The text of a key, or what was given if it is none. */
export const messageOf = (table: Readonly<Record<string, string>>, keyOrText: string): string =>
  (Object.hasOwn(table, keyOrText) ? table[keyOrText] : undefined) ?? keyOrText
