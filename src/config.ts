// Every setting, parsed and checked once. Latchkey refuses to work on a weak or missing secret.
import * as v from 'valibot'
import { type Accepted, type DeploymentSecret, otherOf } from './domain/deployment-secrets.ts'
import { parseEmailAddress } from './domain/email-address.ts'
import { RETENTION } from './domain/limits.ts'
import type { Retention } from './domain/retention.ts'
import { isSender } from './domain/sender.ts'

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** Names of the settings at fault; never their values. */
  readonly settings: readonly string[]
  constructor(settings: readonly string[]) {
    super(`settings missing, weak or contradictory: ${settings.join(', ')}`)
    this.settings = settings
  }
}

export type MailConfig = { readonly from: string } & (
  | {
      readonly transport: 'smtp'
      readonly host: string
      readonly port: number
      readonly security: 'none' | 'starttls' | 'tls'
      readonly username: string | null
      readonly password: string | null
    }
  | { readonly transport: 'binding' }
  | { readonly transport: 'http'; readonly apiKey: string }
)

export interface Config {
  /** The origin of every URL that Latchkey builds; never taken from a request. */
  readonly issuer: string
  readonly isHttps: boolean
  readonly isLoopback: boolean
  readonly rateLimits: boolean
  /** Whether targets of the service's own calls and of app links may be on this machine. */
  readonly loopbackTargets: boolean
  /** Whether a client id may be the address of the client's metadata, fetched from there. */
  readonly clientDocuments: boolean
  readonly secrets: Readonly<Record<DeploymentSecret, Accepted>>
  /** Who is mailed when an alarm is raised; null for nobody. */
  readonly alarmMailTo: string | null
  /** Whether a key that somebody else signs with is removed at once, without asking an operator. */
  readonly rotatesOnForgery: boolean
  readonly retention: Retention
  readonly mail: MailConfig
}

const SECRET_MIN_CHARS = 32
const SECRET_MIN_DISTINCT_CHARS = 12
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]']

/** Long, and not a repetition or a placeholder: what a random generator makes passes, a typed default does not. */
const secret = v.pipe(
  v.string(),
  v.minLength(SECRET_MIN_CHARS),
  v.check(value => new Set(value).size >= SECRET_MIN_DISTINCT_CHARS),
  v.check(value => !/change.?me|example|secret|password|default/i.test(value)),
)

const issuer = v.pipe(
  v.string(),
  v.check(value => {
    const url = URL.canParse(value) ? new URL(value) : null
    if (url === null || url.origin !== value) return false
    return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK_HOSTS.includes(url.hostname))
  }),
)

/** As mails are sent to it. */
const isEmailAddress = (text: string): boolean => parseEmailAddress(text)?.deliverTo === text

const onOrOff = v.picklist(['on', 'off'])

/** A number, or a text that is one. */
const whole = (min: number, max: number) =>
  v.pipe(v.unknown(), v.transform(Number), v.integer(), v.minValue(min), v.maxValue(max))

const days = ({ min, usual, max }: (typeof RETENTION)[keyof typeof RETENTION]) =>
  v.optional(whole(min, max), usual)

const Settings = v.object({
  ISSUER: issuer,
  RATE_LIMITS: v.optional(onOrOff, 'on'),
  LOOPBACK_TARGETS: v.optional(onOrOff, 'off'),
  CLIENT_ID_METADATA_DOCUMENTS: v.optional(onOrOff, 'off'),
  SEALING_SECRET: secret,
  SEALING_SECRET_OTHER: v.optional(secret),
  DIGEST_SECRET: secret,
  DIGEST_SECRET_OTHER: v.optional(secret),
  ADMIN_TOKEN: secret,
  ADMIN_TOKEN_OTHER: v.optional(secret),
  ON_FORGERY: v.optional(v.picklist(['alarm', 'rotate']), 'alarm'),
  ALARM_MAIL_TO: v.optional(v.pipe(v.string(), v.check(isEmailAddress))),
  LOG_DETAILS_DAYS: days(RETENTION.LOG_DETAILS_DAYS),
  DELETED_LOG_DAYS: days(RETENTION.DELETED_LOG_DAYS),
  ALARM_DAYS: days(RETENTION.ALARM_DAYS),
  WEBHOOK_DELIVERY_DAYS: days(RETENTION.WEBHOOK_DELIVERY_DAYS),
  MAIL_FROM: v.pipe(v.string(), v.check(isSender)),
  MAIL_TRANSPORT: v.picklist(['smtp', 'binding', 'http']),
  SMTP_HOST: v.optional(v.string()),
  SMTP_PORT: v.optional(whole(1, 65_535)),
  SMTP_SECURITY: v.optional(v.picklist(['none', 'starttls', 'tls']), 'tls'),
  SMTP_USERNAME: v.optional(v.string()),
  SMTP_PASSWORD: v.optional(v.string()),
  MAIL_API_KEY: v.optional(v.pipe(v.string(), v.minLength(8))),
  EMAIL: v.optional(v.unknown()),
})
type Settings = v.InferOutput<typeof Settings>

/** A rule between settings, and the one that is at fault where it does not hold. */
const rule = (name: keyof Settings, holds: (value: Settings) => boolean) =>
  v.forward(v.check<Settings>(holds), [name])

const settings = v.pipe(
  Settings,
  rule('SEALING_SECRET', s => areDifferent(Object.values(acceptedSecrets(s)).flat())),
  rule('RATE_LIMITS', s => s.RATE_LIMITS === 'on' || isLoopbackOrigin(s.ISSUER)),
  rule('LOOPBACK_TARGETS', s => s.LOOPBACK_TARGETS === 'off' || isLoopbackOrigin(s.ISSUER)),
  rule('SMTP_HOST', s => s.MAIL_TRANSPORT !== 'smtp' || s.SMTP_HOST !== undefined),
  rule('SMTP_PORT', s => s.MAIL_TRANSPORT !== 'smtp' || s.SMTP_PORT !== undefined),
  rule('SMTP_SECURITY', s => s.MAIL_TRANSPORT !== 'smtp' || s.SMTP_SECURITY !== 'none' || !s.SMTP_PASSWORD),
  rule('EMAIL', s => s.MAIL_TRANSPORT !== 'binding' || s.EMAIL !== undefined),
  rule('MAIL_API_KEY', s => s.MAIL_TRANSPORT !== 'http' || s.MAIL_API_KEY !== undefined),
)

/** Throws ConfigError, which names what is wrong and shows no value. */
export function parseConfig(env: Readonly<Record<string, unknown>>): Config {
  const parsed = v.safeParse(settings, env)
  if (!parsed.success) {
    throw new ConfigError([...new Set(parsed.issues.map(({ path }) => String(path?.[0].key)))])
  }
  const value = parsed.output
  return {
    issuer: value.ISSUER,
    isHttps: value.ISSUER.startsWith('https:'),
    isLoopback: isLoopbackOrigin(value.ISSUER),
    rateLimits: value.RATE_LIMITS === 'on',
    loopbackTargets: value.LOOPBACK_TARGETS === 'on',
    clientDocuments: value.CLIENT_ID_METADATA_DOCUMENTS === 'on',
    secrets: acceptedSecrets(value),
    rotatesOnForgery: value.ON_FORGERY === 'rotate',
    alarmMailTo: value.ALARM_MAIL_TO ?? null,
    retention: {
      logDetailsDays: value.LOG_DETAILS_DAYS,
      deletedLogDays: value.DELETED_LOG_DAYS,
      alarmDays: value.ALARM_DAYS,
      webhookDeliveryDays: value.WEBHOOK_DELIVERY_DAYS,
    },
    mail: mailConfig(value),
  }
}

/** Of settings that were checked. */
export const acceptedSecrets = (env: Readonly<Record<string, unknown>>): Config['secrets'] => ({
  SEALING_SECRET: accepted(env, 'SEALING_SECRET'),
  DIGEST_SECRET: accepted(env, 'DIGEST_SECRET'),
  ADMIN_TOKEN: accepted(env, 'ADMIN_TOKEN'),
})

function accepted(env: Readonly<Record<string, unknown>>, name: DeploymentSecret): Accepted {
  const other = env[otherOf(name)]
  return other === undefined ? [String(env[name])] : [String(env[name]), String(other)]
}

const areDifferent = (values: readonly unknown[]): boolean => new Set(values).size === values.length

function mailConfig(value: Settings): MailConfig {
  const from = value.MAIL_FROM
  switch (value.MAIL_TRANSPORT) {
    case 'smtp':
      return {
        from,
        transport: 'smtp',
        host: value.SMTP_HOST ?? '',
        port: value.SMTP_PORT ?? 0,
        security: value.SMTP_SECURITY,
        username: value.SMTP_USERNAME ?? null,
        password: value.SMTP_PASSWORD ?? null,
      }
    case 'binding':
      return { from, transport: 'binding' }
    case 'http':
      return { from, transport: 'http', apiKey: value.MAIL_API_KEY ?? '' }
  }
}

const isLoopbackOrigin = (origin: string): boolean =>
  URL.canParse(origin) && LOOPBACK_HOSTS.includes(new URL(origin).hostname)
