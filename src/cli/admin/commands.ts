// What an operator can ask for: one table. Parsing, --help, the requests and what is shown of the answers come from it.

import { whyUnproven } from './log-verdict.ts'
import type { Json } from './table.ts'

export interface Option {
  /** A member of the body, nested ones with a dot, or a parameter of the query. */
  readonly field: string
  readonly in: 'body' | 'query'
  readonly reads: Reading
  readonly help: string
  readonly isRequired?: boolean
}

/** How the text behind an option becomes a value; `list` may be given several times. */
export type Reading =
  | 'text'
  | 'text or none'
  | 'number'
  | 'number or none'
  | 'on or off'
  | 'list'
  | 'JSON file'

export interface AdminCommand {
  readonly noun: string
  readonly verb: string
  readonly summary: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** What stands in braces are the arguments, in their order. */
  readonly path: string
  readonly options?: Readonly<Record<string, Option>>
  /** Of the list in the answer: the member that has it, and what is shown of each. */
  readonly list?: { readonly member: string; readonly columns: readonly string[] }
  /** The answer is lines, passed on as they come. */
  readonly isStream?: boolean
  /** Asked before it is done; `when` is the option without which it is not. */
  readonly asks?: { readonly question: string; readonly when?: string }
  /** The member of the answer that is shown once. */
  readonly secret?: string
  /** An answer that is shown and is a failure all the same; `why` says in words why it is, null when it is none. */
  readonly fails?: { readonly when: string; readonly why: (answer: Json) => string | null }
}

const body = (field: string, reads: Reading, help: string): Option => ({ field, in: 'body', reads, help })
const query = (field: string, reads: Reading, help: string): Option => ({ field, in: 'query', reads, help })
const required = (option: Option): Option => ({ ...option, isRequired: true })

const CLIENT = '/admin/v1/clients/{client_id}'
const USER = '/admin/v1/users/{user_id}'
const WEBHOOK = '/admin/v1/webhooks/{webhook_id}'

/** What can be said of a client, beside what it is for good. */
const REGISTRATION = {
  'redirect-uri': body('redirect_uris', 'list', 'where it may be answered'),
  'post-logout-redirect-uri': body(
    'post_logout_redirect_uris',
    'list',
    'where a browser may go after signing out',
  ),
  'link-uri': body('link_uri', 'text or none', 'the app link that mails lead to'),
  grant: body('grant_types', 'list', 'a grant type'),
  audience: body('audience', 'text or none', 'the aud of its tokens'),
  'validation-mode': body(
    'validation_mode',
    'text',
    'how its tokens are looked at when it asks: bounded (within a second) or strong',
  ),
  'strong-scope': body('strong_scopes', 'list', 'a scope whose tokens are always looked at strongly'),
  'auth-method': body('token_endpoint_auth_method', 'text', 'how it proves who it is'),
  jwks: body('jwks', 'JSON file', 'its public keys'),
  'jwks-uri': body('jwks_uri', 'text or none', 'where it publishes its keys'),
  'backchannel-logout-uri': body(
    'backchannel_logout_uri',
    'text or none',
    'where it is told of ended sessions',
  ),
  'dpop-bound': body('dpop_bound_access_tokens', 'on or off', 'its tokens must be bound to a key'),
  'require-par': body('require_pushed_authorization_requests', 'on or off', 'its requests must be pushed'),
  'cors-origin': body('cors_origins', 'list', 'an origin whose pages may read its answers'),
  limit: body('session_rule.limit', 'number or none', 'sessions of one user at once; goes with --at-limit'),
  'at-limit': body('session_rule.at_limit', 'text', 'replace_oldest, replace_least_recent or refuse'),
  'refresh-grace': body(
    'refresh_grace_seconds',
    'number',
    'seconds in which a spent refresh token still answers',
  ),
  'access-token-life': body('access_token_seconds', 'number', 'seconds that an access token lives'),
}
const NAME = body('name', 'text', 'what people see')
const SCOPE = body('scopes', 'list', 'a scope that it may have')

const WEBHOOK_FIELDS = {
  url: body('url', 'text', 'https, port 443 or 8443'),
  event: body('events', 'list', 'a type of event, or *'),
  description: body('description', 'text or none', 'what it is for'),
}

const SESSION_COLUMNS = [
  'id',
  'client.id',
  'device.name',
  'device.browser',
  'device.os',
  'place.country',
  'last_seen_at',
]
const EVENT_COLUMNS = ['seq', 'at', 'type', 'reason', 'session_id', 'client_id']

export const COMMANDS: readonly AdminCommand[] = [
  {
    noun: 'clients',
    verb: 'list',
    summary: 'All clients',
    method: 'GET',
    path: '/admin/v1/clients',
    list: {
      member: 'clients',
      columns: ['client_id', 'name', 'kind', 'type', 'scopes', 'session_rule.limit'],
    },
  },
  {
    noun: 'clients',
    verb: 'show',
    summary: 'One client, with all that is registered',
    method: 'GET',
    path: CLIENT,
  },
  {
    noun: 'clients',
    verb: 'create',
    summary: 'Registers a client; its secret, if it has one, is shown once',
    method: 'POST',
    path: '/admin/v1/clients',
    options: {
      'client-id': body('client_id', 'text', 'an id of your choice; made up without it'),
      name: required(NAME),
      kind: required(body('kind', 'text', 'first_party or third_party')),
      type: required(body('type', 'text', 'public or confidential')),
      scope: required(SCOPE),
      ...REGISTRATION,
    },
    secret: 'client_secret',
  },
  {
    noun: 'clients',
    verb: 'update',
    summary: 'Changes what is given, and nothing else',
    method: 'PATCH',
    path: CLIENT,
    options: { name: NAME, scope: SCOPE, ...REGISTRATION },
  },
  {
    noun: 'clients',
    verb: 'delete',
    summary: 'Deletes a client and ends its sessions; its id can be used again about two minutes later',
    method: 'DELETE',
    path: CLIENT,
    asks: { question: 'Delete the client {client_id} and end all of its sessions?' },
  },
  {
    noun: 'clients',
    verb: 'rotate-secret',
    summary: 'Makes a new client secret, shown once; the former one opens beside it for a day',
    method: 'POST',
    path: `${CLIENT}/rotate-secret`,
    options: {
      'at-once': body('at_once', 'on or off', 'on: the former one opens nothing any more, whoever uses it'),
    },
    asks: {
      question:
        'Replace the secret of {client_id}? Whoever uses the former one is locked out, then or a day later.',
    },
    secret: 'client_secret',
  },
  {
    noun: 'users',
    verb: 'find',
    summary: 'The user of a mail address',
    method: 'GET',
    path: '/admin/v1/users',
    options: { email: required(query('email', 'text', 'the address')) },
    list: { member: 'users', columns: ['id', 'email', 'created_at', 'disabled_at'] },
  },
  { noun: 'users', verb: 'show', summary: 'One user', method: 'GET', path: USER },
  {
    noun: 'users',
    verb: 'events',
    summary: 'A user’s log, newest first',
    method: 'GET',
    path: `${USER}/events`,
    options: { before: query('before', 'number', 'only entries with a smaller seq') },
    list: { member: 'events', columns: EVENT_COLUMNS },
  },
  {
    noun: 'users',
    verb: 'log-check',
    summary: 'Whether a user’s log is what was written',
    method: 'GET',
    path: `${USER}/log-check`,
    fails: { when: 'an entry is missing or changed, or nothing proves it', why: whyUnproven },
  },
  {
    noun: 'users',
    verb: 'disable',
    summary: 'Ends a user’s sessions and lets nobody sign in until `enable`',
    method: 'POST',
    path: `${USER}/disable`,
    asks: { question: 'Disable the user {user_id} and end all of their sessions?' },
  },
  {
    noun: 'users',
    verb: 'enable',
    summary: 'Lets a user sign in again',
    method: 'POST',
    path: `${USER}/enable`,
  },
  {
    noun: 'users',
    verb: 'delete',
    summary: 'Deletes a user; the address then makes a new one',
    method: 'DELETE',
    path: USER,
    asks: { question: 'Delete the user {user_id} for good?' },
  },
  {
    noun: 'sessions',
    verb: 'list',
    summary: 'Where a user is signed in',
    method: 'GET',
    path: `${USER}/sessions`,
    list: { member: 'sessions', columns: SESSION_COLUMNS },
  },
  {
    noun: 'sessions',
    verb: 'revoke',
    summary: 'Signs a user out everywhere, connected apps included',
    method: 'POST',
    path: `${USER}/revoke-sessions`,
    asks: { question: 'End all sessions of the user {user_id}?' },
  },
  {
    noun: 'sessions',
    verb: 'revoke-client',
    summary: 'Ends all sessions of a client, whoever’s they are',
    method: 'POST',
    path: `${CLIENT}/revoke-sessions`,
    asks: { question: 'End all sessions of the client {client_id}?' },
  },
  {
    noun: 'keys',
    verb: 'list',
    summary: 'The signing keys and what they are for',
    method: 'GET',
    path: '/admin/v1/keys',
    list: { member: 'keys', columns: ['kid', 'state', 'alg', 'created_at', 'active_at', 'gone_at'] },
  },
  {
    noun: 'keys',
    verb: 'rotate',
    summary:
      'Moves on to the next signing key; in an emergency the leaked one is removed at once, and nobody signed out',
    method: 'POST',
    path: '/admin/v1/keys/rotate',
    options: { emergency: body('emergency', 'text', 'the kid of the key that must go now') },
    asks: {
      question: 'Remove a signing key now? Its tokens fail within a minute; apps refresh them.',
      when: 'emergency',
    },
  },
  {
    noun: 'alarms',
    verb: 'list',
    summary: 'Alarms, newest first',
    method: 'GET',
    path: '/admin/v1/alarms',
    list: {
      member: 'alarms',
      columns: ['id', 'kind', 'severity', 'count', 'last_at', 'acknowledged_at', 'detail'],
    },
  },
  {
    noun: 'alarms',
    verb: 'acknowledge',
    summary: 'Closes an alarm; the next of its kind opens another',
    method: 'POST',
    path: '/admin/v1/alarms/{alarm_id}/acknowledge',
  },
  {
    noun: 'secrets',
    verb: 'list',
    summary: 'The deployment’s own secrets: where the replacement of each stands',
    method: 'GET',
    path: '/admin/v1/secrets',
    list: { member: 'secrets', columns: ['name', 'id', 'used_since', 'other'] },
  },
  {
    noun: 'webhooks',
    verb: 'list',
    summary: 'All webhooks',
    method: 'GET',
    path: '/admin/v1/webhooks',
    list: { member: 'webhooks', columns: ['id', 'url', 'events', 'description', 'disabled_at'] },
  },
  {
    noun: 'webhooks',
    verb: 'create',
    summary: 'Registers a webhook; its signing secret is shown once',
    method: 'POST',
    path: '/admin/v1/webhooks',
    options: {
      ...WEBHOOK_FIELDS,
      url: required(WEBHOOK_FIELDS.url),
      event: required(WEBHOOK_FIELDS.event),
    },
    secret: 'secret',
  },
  {
    noun: 'webhooks',
    verb: 'update',
    summary: 'Changes what is given, and nothing else',
    method: 'PATCH',
    path: WEBHOOK,
    options: {
      ...WEBHOOK_FIELDS,
      disabled: body('disabled', 'on or off', 'off again for one that has answered 410'),
    },
  },
  {
    noun: 'webhooks',
    verb: 'delete',
    summary: 'Deletes a webhook',
    method: 'DELETE',
    path: WEBHOOK,
    asks: { question: 'Delete the webhook {webhook_id}?' },
  },
  {
    noun: 'webhooks',
    verb: 'rotate-secret',
    summary: 'Makes a new signing secret, shown once',
    method: 'POST',
    path: `${WEBHOOK}/rotate-secret`,
    asks: { question: 'Replace the signing secret of the webhook {webhook_id}?' },
    secret: 'secret',
  },
  {
    noun: 'webhooks',
    verb: 'deliveries',
    summary: 'What was sent to a webhook of late, and how it went',
    method: 'GET',
    path: `${WEBHOOK}/deliveries`,
    list: { member: 'deliveries', columns: ['id', 'type', 'state', 'attempts', 'status', 'why', 'last_at'] },
  },
  {
    noun: 'webhooks',
    verb: 'test',
    summary: 'Sends an event that means nothing',
    method: 'POST',
    path: `${WEBHOOK}/test`,
  },
  {
    noun: 'stats',
    verb: 'show',
    summary: 'Figures of the last day and month, and how things stand',
    method: 'GET',
    path: '/admin/v1/stats',
  },
  {
    noun: 'events',
    verb: 'export',
    summary: 'The log of all users as lines of JSON, to be sent to a file',
    method: 'GET',
    path: '/admin/v1/events',
    options: { since: required(query('since', 'text', 'a time such as 2026-01-31T00:00:00Z')) },
    isStream: true,
  },
  {
    noun: 'registration-tokens',
    verb: 'list',
    summary: 'The tokens with which others may register clients',
    method: 'GET',
    path: '/admin/v1/registration-tokens',
    list: {
      member: 'registration_tokens',
      columns: ['id', 'description', 'created_at', 'expires_at', 'uses', 'max_uses'],
    },
  },
  {
    noun: 'registration-tokens',
    verb: 'create',
    summary: 'Makes one, shown once',
    method: 'POST',
    path: '/admin/v1/registration-tokens',
    options: {
      description: body('description', 'text', 'whom it is for'),
      'expires-in': body('expires_in', 'number', 'seconds'),
      'max-uses': body('max_uses', 'number', 'how many clients'),
    },
    secret: 'token',
  },
  {
    noun: 'registration-tokens',
    verb: 'delete',
    summary: 'Takes one back; clients that were registered with it stay',
    method: 'DELETE',
    path: '/admin/v1/registration-tokens/{id}',
    asks: { question: 'Take the registration token {id} back?' },
  },
]

/** The names in the braces of a path. */
export const argumentsOf = ({ path }: Pick<AdminCommand, 'path'>): readonly string[] =>
  [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name ?? '')
