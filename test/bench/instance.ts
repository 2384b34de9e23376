// One workerd with all Workers of a measurement, each on a port of its own: no proxy, no watcher, nothing between the
// client and the Worker. Storage is on disk, as it is under `wrangler dev`.
import { basename, dirname } from 'node:path'
import { type Bundles, compatibility_date, compatibility_flags, WORKERS, type WorkerName } from './build.ts'
import { workerdPid } from './processor-time.ts'
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  NO_ASSETS,
  type Simulator,
} from './simulator.ts'

export interface Instance {
  /** Of workerd. */
  readonly pid: number
  readonly urls: Readonly<Record<WorkerName, string>>
  readonly simulator: Simulator
  stop(): Promise<void>
}

const ISSUER = 'http://localhost'
export const ADMIN_TOKEN = 'bench-operator-0123456789-abcdefghijkl'
export const RESOURCE_CLIENT = 'notes'

const VARS = {
  ISSUER,
  SHARDS: 'DB',
  RATE_LIMITS: 'off',
  MAIL_FROM: 'Latchkey <sign-in@bench.test>',
  MAIL_TRANSPORT: 'http',
  MAIL_API_KEY: 'none-is-sent',
  SEALING_SECRET: 'bench-sealing-0123456789-abcdefghijklm',
  DIGEST_SECRET: 'bench-digest-0123456789-abcdefghijklmn',
  ADMIN_TOKEN,
}

/**
 * @param only which of the Workers
 * @param onLine gets what workerd prints: it is written, as it is in production, and read by nobody else
 */
export async function startInstance(
  bundles: Partial<Bundles>,
  stateDir: string,
  only: readonly WorkerName[] = WORKERS,
  onLine: (line: string) => void = () => {},
): Promise<Instance> {
  const simulator = new Miniflare(
    convertV4MiniflareOptions({
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }: { readonly message: string }) => onLine(message),
      resourcePersistencePath: stateDir,
      workers: only.map(name => ({ ...workerOptions(name), ...common(name, pathOf(bundles, name)) })),
    }),
  )
  await simulator.ready
  const urls = await Promise.all(
    only.map(async name => [name, (await simulator.unsafeGetDirectURL(name)).origin] as const),
  )
  return {
    pid: workerdPid(),
    urls: Object.fromEntries(urls) as Instance['urls'],
    simulator,
    stop: () => simulator.dispose(),
  }
}

function pathOf(bundles: Partial<Bundles>, name: WorkerName): string {
  const path = bundles[name]?.path
  if (path === undefined) throw new Error(`${name} was not built`)
  return path
}

const common = (name: WorkerName, path: string) => ({
  name,
  modules: true,
  rootPath: dirname(path),
  scriptPath: basename(path),
  compatibilityDate: compatibility_date,
  compatibilityFlags: compatibility_flags,
  unsafeDirectSockets: [{ host: '127.0.0.1' }],
})

function workerOptions(name: WorkerName): object {
  const d1Databases = { DB: 'latchkey' }
  const object = (className: string, scriptName = 'service') => ({ className, scriptName, useSQLite: true })
  const bindings = VARS
  const objects = {
    RATE_LIMITER: object('RateLimiter'),
    WAITING_BROWSERS: object('WaitingBrowser'),
  }
  const queueProducers = { EVENTS: 'latchkey-events', ALARMS: 'latchkey-alarms' }
  const serviceBindings = NO_ASSETS
  const auth = { name: 'service', entrypoint: 'Verifier', props: { client_id: RESOURCE_CLIENT } }
  switch (name) {
    case 'service':
      return {
        ...{ bindings, d1Databases, queueProducers, serviceBindings },
        queueConsumers: Object.values(queueProducers),
        durableObjects: { ...objects, USER_SESSIONS: object('UserSessions') },
      }
    case 'probe':
      return {
        ...{ bindings, d1Databases, queueProducers, serviceBindings },
        durableObjects: { ...objects, USER_SESSIONS: object('UserSessions', 'probe') },
      }
    case 'floors':
      return {
        d1Databases,
        serviceBindings: { SERVICE: 'service' },
        durableObjects: { OBJECTS: object('FloorObject', 'floors') },
      }
    case 'resource':
      return {
        serviceBindings: { SERVICE: 'service', AUTH: auth, FLOORS: { name: 'floors', entrypoint: 'Floors' } },
      }
  }
}
