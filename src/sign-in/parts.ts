// What handlers work with: built once per isolate by app.ts, passed down as an argument.
import type { Config } from '../config.ts'
import type { Client } from '../domain/client.ts'
import type { EventMessage } from '../domain/event-message.ts'
import type { Device, Place } from '../domain/session.ts'
import type { Limits } from '../limits/limits.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { Alarms } from '../notify/alarms.ts'
import type { Figures } from '../notify/figures.ts'
import type { TraitChanges } from '../notify/trait-changes.ts'
import type { FetchTarget } from '../outbound/fetch-target.ts'
import type { Shards } from '../store/shards.ts'
import type { AccessClaims } from '../tokens/access-token.ts'
import type { ClientKeys } from '../tokens/client-keys.ts'
import type { KeyRing } from '../tokens/key-ring.ts'
import type { Secrets } from '../tokens/secrets.ts'
import type { UserSessions } from '../user/user-sessions.ts'
import type { BoundedVerifier } from '../verifier/bounded-verifier.ts'
import type { WaitingBrowsers } from '../waiting/call.ts'

export interface Parts {
  readonly config: Config
  readonly shards: Shards
  readonly users: DurableObjectNamespace<UserSessions>
  readonly waitingBrowsers: WaitingBrowsers
  readonly secrets: Secrets
  readonly keys: KeyRing
  readonly limits: Limits
  readonly alarms: Alarms
  readonly traitChanges: TraitChanges
  readonly figures: Figures
  readonly outbox: Outbox
  /** To places that somebody registered; never throws. */
  readonly fetchTarget: FetchTarget
  /** For what is told to clients and webhooks. */
  readonly queue: Queue<EventMessage>
  readonly clientKeys: ClientKeys
  /** What this isolate remembers of tokens that resource servers asked about. */
  readonly verifier: BoundedVerifier<AccessClaims>
  /** Registered clients as this isolate knows them, at most CLIENT_CACHE_SECONDS old. */
  readonly findClient: (id: string, now: number) => Promise<Client | null>
  /** The same, as it is now; remembered from then on. */
  readonly reloadClient: (id: string, now: number) => Promise<Client | null>
  /** The client that an OAuth request names: registered, or described by a document that is fetched where that is on. */
  readonly resolveClient: (id: string, from: Pick<RequestFacts, 'now' | 'clientIp'>) => Promise<Client | null>
  /** Whether some client has registered this origin, as this isolate knows it. */
  readonly isClientOrigin: (origin: string, now: number) => Promise<boolean>
  /** For whoever changes a client: this isolate sees it at once, others within the cache's bound. */
  readonly forgetClient: (id: string) => void
}

/** What is known of one request. */
export interface RequestFacts {
  /** Seconds since the epoch, by the server's clock. */
  readonly now: number
  /** The same in milliseconds. */
  readonly nowMs: number
  /** From the platform's own header only. */
  readonly clientIp: string
  /** The browser's own name for limits, from its cookie; null for apps. */
  readonly browserId: string | null
  readonly device: Device
  readonly place: Place
  /** For work that the answer need not wait for. */
  readonly waitUntil: (work: Promise<unknown>) => void
}
