// The resource servers of the measurement, beside an instance.
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { NOTES_CLIENT } from '../../../src/cli/dev/demo-clients.ts'
import { environmentOf, startWrangler } from '../../../src/cli/dev/worker.ts'
import { findStatus } from '../../../src/cli/is-answering.ts'
import { PROJECT } from '../../../src/cli/settings.ts'
import { findFreePort, type OwnInstance } from '../support/own-instance.ts'

export interface ResourceServer {
  readonly name: string
  /** Takes GET boundedly, POST strongly. */
  readonly url: string
}

const CONFIG = resolve(PROJECT, 'src/example/notes/wrangler.toml')
const ON_NODE = resolve(import.meta.dirname, 'notes-on-node.ts')
const UNAUTHORIZED = 401
const POLL_MS = 100
const POLLS = 300

export async function startServers(instance: OwnInstance): Promise<readonly ResourceServer[]> {
  const registered = await instance.operator.ask('POST', '/clients', NOTES_CLIENT)
  const [onWorkers, onNode] = [await findFreePort(), await findFreePort()]
  const servers = [
    { name: 'Worker, service binding', url: `http://127.0.0.1:${onWorkers}/notes` },
    { name: 'Node, over HTTP', url: `http://127.0.0.1:${onNode}/notes` },
  ]
  const env = {
    ...{ ISSUER: instance.origin, PORT: `${onNode}`, AUDIENCE: NOTES_CLIENT.audience },
    ...{ CLIENT_ID: NOTES_CLIENT.client_id, CLIENT_SECRET: String(registered.client_secret) },
  }
  instance.children.start(ON_NODE, [], env, line => console.error(line))
  await startWrangler(instance.children, {
    args: ['-c', CONFIG, '--port', `${onWorkers}`],
    env: environmentOf(instance.settings),
    url: `http://127.0.0.1:${onWorkers}/notes`,
    wellStatus: UNAUTHORIZED,
  })
  for (let polls = 0; polls < POLLS; polls++) {
    if ((await findStatus(servers[1]?.url ?? '')) === UNAUTHORIZED) return servers
    await sleep(POLL_MS)
  }
  throw new Error('the server on Node does not answer')
}
