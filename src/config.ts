// Every setting, parsed and checked once. Latchkey refuses to work on a weak or missing secret.
import * as z from 'zod'
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
  readonly sealingSecret: string
  readonly digestSecret: string
  readonly adminToken: string
  readonly mail: MailConfig
}

const SECRET_MIN_CHARS = 32
const SECRET_MIN_DISTINCT_CHARS = 12
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]']

/** Long, and not a repetition or a placeholder: what a random generator makes passes, a typed default does not. */
const secret = z
  .string()
  .min(SECRET_MIN_CHARS)
  .refine(value => new Set(value).size >= SECRET_MIN_DISTINCT_CHARS)
  .refine(value => !/change.?me|example|secret|password|default/i.test(value))

const issuer = z.string().refine(value => {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url === null || url.origin !== value) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK_HOSTS.includes(url.hostname))
})

const settings = z
  .object({
    ISSUER: issuer,
    RATE_LIMITS: z.enum(['on', 'off']).default('on'),
    LOOPBACK_TARGETS: z.enum(['on', 'off']).default('off'),
    CLIENT_ID_METADATA_DOCUMENTS: z.enum(['on', 'off']).default('off'),
    SEALING_SECRET: secret,
    DIGEST_SECRET: secret,
    ADMIN_TOKEN: secret,
    MAIL_FROM: z.string().refine(isSender),
    MAIL_TRANSPORT: z.enum(['smtp', 'binding', 'http']),
    SMTP_HOST: z.string().optional(),
    SMTP_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
    SMTP_SECURITY: z.enum(['none', 'starttls', 'tls']).default('tls'),
    SMTP_USERNAME: z.string().optional(),
    SMTP_PASSWORD: z.string().optional(),
    MAIL_API_KEY: z.string().min(8).optional(),
    EMAIL: z.unknown().optional(),
  })
  .superRefine((value, context) => {
    const wrong = (name: string) => context.addIssue({ code: 'custom', path: [name], message: 'invalid' })
    if (new Set([value.SEALING_SECRET, value.DIGEST_SECRET, value.ADMIN_TOKEN]).size < 3)
      wrong('SEALING_SECRET')
    if (value.RATE_LIMITS === 'off' && !isLoopbackOrigin(value.ISSUER)) wrong('RATE_LIMITS')
    if (value.LOOPBACK_TARGETS === 'on' && !isLoopbackOrigin(value.ISSUER)) wrong('LOOPBACK_TARGETS')
    if (value.MAIL_TRANSPORT === 'smtp' && value.SMTP_HOST === undefined) wrong('SMTP_HOST')
    if (value.MAIL_TRANSPORT === 'smtp' && value.SMTP_PORT === undefined) wrong('SMTP_PORT')
    if (value.MAIL_TRANSPORT === 'smtp' && value.SMTP_SECURITY === 'none' && value.SMTP_PASSWORD)
      wrong('SMTP_SECURITY')
    if (value.MAIL_TRANSPORT === 'binding' && value.EMAIL === undefined) wrong('EMAIL')
    if (value.MAIL_TRANSPORT === 'http' && value.MAIL_API_KEY === undefined) wrong('MAIL_API_KEY')
  })

/** Throws ConfigError, which names what is wrong and shows no value. */
export function parseConfig(env: Readonly<Record<string, unknown>>): Config {
  const parsed = settings.safeParse(env)
  if (!parsed.success) {
    throw new ConfigError([...new Set(parsed.error.issues.map(issue => String(issue.path[0])))])
  }
  const value = parsed.data
  return {
    issuer: value.ISSUER,
    isHttps: value.ISSUER.startsWith('https:'),
    isLoopback: isLoopbackOrigin(value.ISSUER),
    rateLimits: value.RATE_LIMITS === 'on',
    loopbackTargets: value.LOOPBACK_TARGETS === 'on',
    clientDocuments: value.CLIENT_ID_METADATA_DOCUMENTS === 'on',
    sealingSecret: value.SEALING_SECRET,
    digestSecret: value.DIGEST_SECRET,
    adminToken: value.ADMIN_TOKEN,
    mail: mailConfig(value),
  }
}

function mailConfig(value: z.infer<typeof settings>): MailConfig {
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
