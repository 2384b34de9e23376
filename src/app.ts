// createApp(ports): the order of middleware, the routes, the one error exit. Everything a handler works with is
// put together here, once per isolate.
import { ConfigError, type MailConfig, parseConfig } from './config.ts'
import { isClientDocumentUrl } from './domain/client-document.ts'
import { NOTICE_MAIL_SECONDS } from './domain/limits.ts'
import { alarmEvent } from './domain/webhook.ts'
import { accountPages } from './http/account/index.ts'
import { adminAlarms } from './http/admin/alarms.ts'
import { adminClients } from './http/admin/clients.ts'
import { adminExport } from './http/admin/export.ts'
import { adminKeys } from './http/admin/keys.ts'
import { adminLogCheck } from './http/admin/log-check.ts'
import { adminPage } from './http/admin/page.tsx'
import { adminRegistrationTokens } from './http/admin/registration-tokens.ts'
import { requireOperator } from './http/admin/require-operator.ts'
import { adminSecrets } from './http/admin/secrets.ts'
import { adminStats } from './http/admin/stats.ts'
import { adminUsers } from './http/admin/users.ts'
import { adminWebhooks } from './http/admin/webhooks.ts'
import { answerError } from './http/answer-error.tsx'
import { assets } from './http/assets.ts'
import { authorize } from './http/authorize.tsx'
import type { LatchkeyEnv } from './http/context.ts'
import { devicePages } from './http/device-pages.tsx'
import { discovery } from './http/discovery.ts'
import { endSession } from './http/end-session.tsx'
import { eventsApi } from './http/events-api.ts'
import { health } from './http/health.ts'
import { Hono } from './http/hono.ts'
import { jwks } from './http/jwks.ts'
import { linkPages } from './http/link-pages.tsx'
import { live } from './http/live.ts'
import { refuseUnrouted } from './http/methods.ts'
import { answerHeaders } from './http/middleware/answer-headers.ts'
import { CORS_PATHS, cors } from './http/middleware/cors.ts'
import { doubtMemory } from './http/middleware/doubt-memory.ts'
import { recordRefusals } from './http/middleware/record-refusals.ts'
import { requestFacts } from './http/middleware/request-facts.ts'
import { requireHttps } from './http/middleware/require-https.ts'
import { oauth } from './http/oauth.ts'
import { openapi } from './http/openapi.ts'
import { preferencesApi } from './http/preferences-api.ts'
import { register } from './http/register.ts'
import { retirements } from './http/retirements.ts'
import { sessionsApi } from './http/sessions-api.ts'
import { signInLive } from './http/sign-in-live.ts'
import { signInPages } from './http/sign-in-pages.tsx'
import { signInsApi } from './http/sign-ins-api.ts'
import { signOutPages } from './http/sign-out-pages.tsx'
import { userinfo } from './http/userinfo.ts'
import { whoami } from './http/whoami.ts'
import { createLimits, NO_LIMITS } from './limits/limits.ts'
import { alarmMessage } from './mail/alarm-message.ts'
import { createTransport } from './mail/create-transport.ts'
import { createOutbox } from './mail/outbox.ts'
import type { MailTransport } from './mail/transport.ts'
import type { AlarmSinks } from './notify/alarm-notices.ts'
import { createAlarms } from './notify/alarms.ts'
import { createFigures } from './notify/figures.ts'
import { tellWebhooks } from './notify/send-webhook.ts'
import { createTraitChanges } from './notify/trait-changes.ts'
import { createClientDocuments } from './oauth/client-documents.ts'
import { oncePerEnv } from './once-per-env.ts'
import { createFetchTarget } from './outbound/fetch-target.ts'
import type { Parts } from './sign-in/parts.ts'
import { createClientCache } from './store/client-cache.ts'
import { findClient, listCorsOrigins } from './store/clients.ts'
import { createCombined } from './store/combined.ts'
import { createOriginCache } from './store/origin-cache.ts'
import { createShards, parseShardMap, type Shards } from './store/shards.ts'
import { changeSigningKeys, listPublishedKeys } from './store/signing-keys.ts'
import { createClientKeys } from './tokens/client-keys.ts'
import { createKeyRing } from './tokens/key-ring.ts'
import { createSecrets } from './tokens/secrets.ts'
import { createBoundedVerifier } from './verifier/bounded-verifier.ts'

/** What cannot be real in a test. */
export interface Ports {
  /** Seconds since the epoch, to the millisecond. */
  readonly now: () => number
  readonly mail: (config: MailConfig, env: Env) => MailTransport
  /** HTTP to places that somebody registered. */
  readonly fetch: typeof fetch
}

export interface App {
  readonly fetch: Hono<LatchkeyEnv>['fetch']
  readonly request: Hono<LatchkeyEnv>['request']
  /** Every route, and middleware as method `ALL`. */
  readonly routes: Hono<LatchkeyEnv>['routes']
  /** Throws ConfigError. */
  readonly parts: (env: Env) => Parts
}

export const realPorts: Ports = {
  now: () => Date.now() / 1_000,
  mail: (config, env) =>
    createTransport(config, { fetch: fetch.bind(globalThis), emailBinding: emailBindingOf(env) }),
  fetch: fetch.bind(globalThis),
}

export function createApp(ports: Ports): App {
  const parts = oncePerEnv((env: Env) => createParts(env, ports))
  const app = new Hono<LatchkeyEnv>()
  app.use(answerHeaders(env => String(env.ISSUER).startsWith('https:')))
  app.use(recordRefusals())
  app.use(requestFacts(parts, ports.now))
  app.use(requireHttps())
  app.use(doubtMemory())
  for (const [path, readers] of CORS_PATHS) app.use(path, cors(readers))
  app.use('/admin/v1/*', requireOperator())
  for (const routes of ROUTES) app.route('/', routes)
  app.route('/', discovery(app))
  app.notFound(refuseUnrouted(app))
  app.onError(answerError)
  return { fetch: app.fetch, request: app.request, routes: app.routes, parts }
}

const ROUTES = [
  health,
  jwks,
  assets,
  signInPages,
  signInLive,
  linkPages,
  accountPages,
  signOutPages,
  authorize,
  endSession,
  devicePages,
  signInsApi,
  oauth,
  register,
  userinfo,
  whoami,
  // Before the sessions: `live` is no id.
  live,
  sessionsApi,
  eventsApi,
  preferencesApi,
  retirements,
  openapi,
  adminPage,
  adminStats,
  adminClients,
  adminRegistrationTokens,
  adminUsers,
  adminKeys,
  adminAlarms,
  adminWebhooks,
  adminExport,
  adminLogCheck,
  adminSecrets,
]

const BINDINGS = ['USER_SESSIONS', 'RATE_LIMITER', 'WAITING_BROWSERS', 'EVENTS', 'ALARMS', 'ASSETS'] as const

function createParts(env: Env, ports: Ports): Parts {
  const config = parseConfig(env as unknown as Record<string, unknown>)
  const unbound = BINDINGS.filter(name => env[name] === undefined)
  if (unbound.length > 0) throw new ConfigError(unbound)
  const shards = readShards(env)
  const secrets = createSecrets(config.secrets.SEALING_SECRET, config.secrets.DIGEST_SECRET)
  const keys = createKeyRing(
    {
      list: () => listPublishedKeys(shards.global),
      change: (change, created, now) => changeSigningKeys(shards.global, change, created, now),
    },
    secrets,
  )
  const { alarmMailTo } = config
  const sinks: AlarmSinks = {
    prepareMail:
      alarmMailTo === null
        ? null
        : async (alarm, now) => {
            const message = alarmMessage(alarmMailTo, config.issuer, alarm)
            const mail = await outbox.prepare(message, now + NOTICE_MAIL_SECONDS, now)
            return { row: mail.row, deliver: () => outbox.deliver(shards.global, mail, now) }
          },
    // At once, on a way of their own: users' events may be a backlog.
    tellWebhooks: (alarm, now) =>
      tellWebhooks({ shards, queue: env.ALARMS, ask: createCombined(shards.global) }, alarmEvent(alarm), now),
  }
  const alarms = createAlarms(shards.global, sinks, config.rotatesOnForgery ? keys.remove : null)
  const outbox = createOutbox({
    secrets,
    transport: ports.mail(config.mail, env),
    onFailure: async ({ attempts, error }) => {
      const detail = `${error} (attempt ${attempts})`
      const written: Promise<unknown>[] = []
      alarms.raise(
        { kind: 'mail.failing', kid: null, clientId: null, userId: null, detail },
        Math.floor(ports.now()),
        work => written.push(work),
      )
      await Promise.all(written)
    },
  })
  const clients = createClientCache(id => findClient(shards.global, id))
  const limits = config.rateLimits ? createLimits(env.RATE_LIMITER, secrets) : NO_LIMITS
  const fetchTarget = createFetchTarget(ports.fetch, config.loopbackTargets)
  const findByDocument = createClientDocuments(fetchTarget, limits, config.loopbackTargets)
  const isDocument = (id: string) => config.clientDocuments && isClientDocumentUrl(id, config.loopbackTargets)
  const origins = createOriginCache(() => listCorsOrigins(shards.global))
  return {
    config,
    shards,
    users: env.USER_SESSIONS,
    waitingBrowsers: env.WAITING_BROWSERS,
    secrets,
    keys,
    limits,
    alarms,
    traitChanges: createTraitChanges(),
    figures: createFigures(shards.global, datasetOf(env)),
    outbox,
    fetchTarget,
    queue: env.EVENTS,
    clientKeys: createClientKeys(fetchTarget),
    verifier: createBoundedVerifier(),
    findClient: clients.find,
    reloadClient: clients.reload,
    resolveClient: (id, from) => (isDocument(id) ? findByDocument(id, from) : clients.find(id, from.now)),
    isClientOrigin: origins.has,
    forgetClient: id => {
      clients.forget(id)
      origins.forget()
    },
  }
}

function readShards(env: Env): Shards {
  try {
    return createShards(parseShardMap(env.SHARDS, env as unknown as Record<string, unknown>))
  } catch {
    throw new ConfigError(['SHARDS'])
  }
}

/** Optional: most deployments send by SMTP or through a provider. */
const emailBindingOf = (env: Env): SendEmail | null => bindingOf<SendEmail>(env, 'EMAIL', 'send')

/** Optional. */
const datasetOf = (env: Env) => bindingOf<AnalyticsEngineDataset>(env, 'ANALYTICS', 'writeDataPoint')

/** A binding that a deployment may have; null where it has none by this name that can do this. */
function bindingOf<Binding>(env: Env, name: string, method: keyof Binding & string): Binding | null {
  const binding = (env as unknown as Record<string, unknown>)[name]
  return typeof binding === 'object' && binding !== null && method in binding ? (binding as Binding) : null
}
