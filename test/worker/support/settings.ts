// Isolates with different settings beside each other on one database, as a deployment has them while a secret is replaced.
// Each has user objects of its own settings too.
import { env } from 'cloudflare:workers'
import type { ChangeEmail, Command, DeleteAccount } from '../../../src/domain/commands.ts'
import type { UserVerbs } from '../../../src/user/call.ts'
import { applyChange } from '../../../src/user/change.ts'
import { changeEmail } from '../../../src/user/change-email.ts'
import { deleteAccount } from '../../../src/user/delete-account.ts'
import { createService, type Service } from './service.ts'

export type Settings = Readonly<Record<string, string>>

/** With caches of its own, and everything else as the others have it. */
export function isolate(settings: Settings): Service {
  const made: { service?: Service } = {}
  const service = createService({ ...settings, USER_SESSIONS: objectsOf(() => made.service as Service) })
  made.service = service
  return service
}

/** What the object does, under the settings of its isolate; sockets, webhooks and records aside. */
function objectsOf(service: () => Service): unknown {
  const report = { entries: [], isRepeat: false }
  const inside = () => ({ key: service().parts.secrets, shards: service().parts.shards })
  const change = async (userId: string, command: Command, now: number) => {
    const { key, shards } = inside()
    const { outcome } = await applyChange(shards.of(userId), userId, command, now, key)
    return { ...outcome, report }
  }
  const user: { readonly [Verb in keyof UserVerbs]: unknown } = {
    startSession: change,
    endSessions: change,
    changeAccount: change,
    changeEmail: async (userId: string, command: ChangeEmail, now: number) => {
      const { key, shards } = inside()
      return { ...(await changeEmail(shards, userId, command, now, key)).outcome, report }
    },
    deleteAccount: async (userId: string, command: DeleteAccount, now: number) => {
      const { key, shards } = inside()
      return { ...(await deleteAccount(shards, userId, command, now, key)).outcome, report }
    },
  }
  return { getByName: () => user }
}

export interface Traffic extends Service {
  /** Which isolate the next requests reach. */
  at: Service
}

/** One service to whoever uses it, whichever isolate answers. */
export function trafficOf(isolates: readonly Service[]): Traffic {
  const [first] = isolates as [Service]
  const state = { at: first }
  return {
    get at() {
      return state.at
    },
    set at(isolate) {
      state.at = isolate
    },
    get env() {
      return state.at.env
    },
    get parts() {
      return state.at.parts
    },
    get now() {
      return first.now
    },
    set now(value) {
      for (const each of isolates) each.now = value
    },
    get mails() {
      return isolates.flatMap(each => each.mails)
    },
    mailFails: false,
    outbound: first.outbound,
    answers: first.answers,
    request: (path, init) => state.at.request(path, init),
    // What was asked for is in the mails of the one that was asked.
    newestMail: address => state.at.newestMail(address),
  }
}

export const SECRET_NAMES = ['SEALING_SECRET', 'DIGEST_SECRET', 'ADMIN_TOKEN'] as const

export const freshSecret = (): string => `${crypto.randomUUID()}-${crypto.randomUUID()}`

/** As the tests’ own Worker has them. */
export const presentSecrets = (): Settings =>
  Object.fromEntries(SECRET_NAMES.map(name => [name, String((env as unknown as Settings)[name])]))
