// The service as it is deployed, minified, on workerd alone: no proxy, no watcher and no debugger, which under `wrangler dev`
// cost more than the service itself.
import { mkdtempSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { unstable_getMiniflareWorkerOptions } from 'wrangler'
import { localVars } from '../../../src/cli/dev/worker.ts'
import { ensureSecrets } from '../../../src/cli/secrets-file.ts'
import { DEV_VARS, PROJECT, type Settings } from '../../../src/cli/settings.ts'
import { build } from '../../bench/build.ts'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, NO_ASSETS } from '../../bench/simulator.ts'

export interface BareWorker {
  /** Where the platform's cron is ticked. */
  readonly cronPort: number
  stop(): Promise<void>
}

/** On the port of the settings, with the databases of their state folder. @param tell gets what the Worker logs */
export async function startBareWorker(settings: Settings, tell: (line: string) => void): Promise<BareWorker> {
  const directory = mkdtempSync(join(settings.stateDir, 'bundle-'))
  const { path } = await build('service', directory)
  const vars = { ...localVars(settings), ...ensureSecrets(DEV_VARS) }
  const { compatibilityDate, compatibilityFlags, bindings, ...described } =
    unstable_getMiniflareWorkerOptions(resolve(PROJECT, 'wrangler.toml')).workerOptions
  const { d1Databases, durableObjects, queueProducers, queueConsumers } = described
  const simulator = new Miniflare(
    convertV4MiniflareOptions({
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }: { readonly message: string }) => tell(message),
      // As `wrangler dev --persist-to` has it.
      resourcePersistencePath: join(settings.stateDir, 'v3'),
      unsafeTriggerHandlers: true,
      ...{
        compatibilityDate,
        compatibilityFlags,
        d1Databases,
        durableObjects,
        queueProducers,
        queueConsumers,
      },
      ...{ name: 'service', modules: true, rootPath: dirname(path), scriptPath: basename(path) },
      bindings: { ...(bindings as object), ...vars },
      serviceBindings: NO_ASSETS,
      unsafeDirectSockets: [{ host: '127.0.0.1', port: settings.port }],
    }),
  )
  const { port } = await simulator.ready
  return {
    cronPort: Number(port),
    async stop() {
      await simulator.dispose()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
