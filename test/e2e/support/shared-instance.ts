// One instance for all files that start nothing and stop nothing: each has people, clients and mail addresses of its own.
// It is started for the first that asks, by the process that outlives them all, and ends with the run.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inject } from 'vitest'
import type { TestProject } from 'vitest/node'
import type { Ports } from './ports.ts'
import { type Instance, meetInstance, removeState, type Service, startService } from './service.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers the ports of the instance, once it is running. */
    readonly sharedInstance: string
  }
}

/** The global set-up of the project; answers the tear-down. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<Service> | null = null
  const server = createServer(async (_, response) => {
    // From one network come more sign-ins than any network gets.
    starting ??= startService({ env: { RATE_LIMITS: 'off' } })
    try {
      response.end(JSON.stringify((await starting).ports))
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  project.provide('sharedInstance', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return async () => {
    server.close()
    const service = await starting?.catch(() => undefined)
    await service?.stop()
    if (service !== undefined) removeState(service)
  }
}

/** Throws, with all that was printed, when it does not start. */
export async function findSharedInstance(): Promise<Instance> {
  const answer = await fetch(inject('sharedInstance'))
  if (!answer.ok) throw new Error(await answer.text())
  return meetInstance((await answer.json()) as Ports)
}
