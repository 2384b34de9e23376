// Security records (ASVS 16.2): what was done or refused, by whom, for which client, in which request. One line each in the
// log, and what the figures are counted from. Ids and codes of our own only: never a credential, an address or what was sent.
import { AsyncLocalStorage } from 'node:async_hooks'
import { type LogLevel, log } from '../log.ts'
import { type Outcome, outcomeOf, type RecordCode } from './inventory.ts'

/** Who acts, and on what; as far as it is proven. */
export interface Who {
  readonly actor: 'anonymous' | 'client' | 'session' | 'notice' | 'operator' | 'system'
  /** The session or client that acts. */
  readonly actor_id?: string | undefined
  readonly user_id?: string
  readonly session_id?: string
  readonly client_id?: string
}

export type Details = Readonly<Record<string, string | number | null | undefined>>

export interface SecurityRecord extends Who {
  readonly event: RecordCode
  readonly outcome: Outcome
  /** A code of our own. */
  readonly reason?: string
}

/** Must neither throw nor wait. */
export type RecordSink = (record: SecurityRecord) => void

interface Refusal {
  readonly reason: string
  readonly details: Details
}

/**
 * What a context holds lives on until the runtime has collected garbage twice: hold a request or an answer here, and all that
 * hangs on them adds up to more than an isolate may have.
 */
interface Context {
  readonly requestId: string | null
  who: Who
  /** Where records go, beside the log; null until that is known. */
  sink: RecordSink | null
  refusal: Refusal | null
  /** Whether a record that says more than the request's own has been made of its refusal. */
  isRefusalRecorded: boolean
}

// One request's, without being handed through every function that could have something to record.
const contexts = new AsyncLocalStorage<Context>()

/** Everything that `work` records, also what it leaves behind for after the answer, is of this request. */
export const recordingAs = <T>(
  requestId: string | null,
  actor: Who['actor'],
  sink: RecordSink | null,
  work: () => T,
): T => contexts.run({ requestId, who: { actor }, sink, refusal: null, isRefusalRecorded: false }, work)

/** From now on this request's records go there too. @param sink holds nothing of the request */
export function sendRecordsTo(sink: RecordSink): void {
  const context = contexts.getStore()
  if (context !== undefined) context.sink = sink
}

/** What has been proven of whoever makes this request, and of what it is about. */
export function identify(who: Partial<Who>): void {
  const context = contexts.getStore()
  if (context !== undefined) context.who = { ...context.who, ...who }
}

export function record(event: RecordCode, { reason, ...details }: Details & Partial<Who> = {}): void {
  const context = contexts.getStore()
  const outcome = outcomeOf(event)
  if (context !== undefined && event === 'sign_in.refused') context.isRefusalRecorded = true
  const who: Who = context?.who ?? { actor: 'system' }
  const entry = { event, ...who, ...details, outcome, ...(typeof reason === 'string' && { reason }) }
  log(LEVELS[outcome], { ...entry, ...(context?.requestId && { request_id: context.requestId }) })
  context?.sink?.(entry)
}

const LEVELS: Readonly<Record<Outcome, LogLevel>> = {
  accepted: 'info',
  refused: 'info',
  failed: 'error',
  alarm: 'error',
}

/** Why this request is refused or fails; recorded once, by its end. The first one to say so knows best. */
export function refusedFor(reason: string, details: Details = {}): void {
  const context = contexts.getStore()
  if (context !== undefined) context.refusal ??= { reason, details }
}

/** At the end of a request: its one record when it was refused or failed. */
export function recordRefusal(status: number, about: Details): void {
  const context = contexts.getStore()
  if (context === undefined || (context.refusal === null && status < 400)) return
  const { reason, details } = context.refusal ?? { reason: `status_${status}`, details: {} }
  if (status >= 500) record('request.failed', { ...about, ...details, status, reason })
  else if (!context.isRefusalRecorded) record('request.refused', { ...about, ...details, status, reason })
}
