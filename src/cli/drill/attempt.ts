// One try of a thief, and what came back of all of them.
import { UsageError } from '../settings.ts'

export interface Attempt {
  /** What is forged, in the plural. */
  readonly kind: string
  readonly what: string
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | URLSearchParams
  /** Refused in another way than by a 4xx. */
  readonly isRefused?: (answer: Answered) => boolean
  readonly raisesAlarm?: boolean
}

export interface Answered {
  readonly status: number
  readonly location: string
  readonly text: string
}

export interface Outcome {
  readonly attempt: Attempt
  readonly answered: Answered
  readonly wasAccepted: boolean
}

const AT_ONCE = 8

/** In their order, a few at a time. */
export async function tryAll(origin: string, attempts: readonly Attempt[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (let at = 0; at < attempts.length; at += AT_ONCE) {
    outcomes.push(
      ...(await Promise.all(attempts.slice(at, at + AT_ONCE).map(attempt => tryOne(origin, attempt)))),
    )
  }
  return outcomes
}

async function tryOne(origin: string, attempt: Attempt): Promise<Outcome> {
  const { method, path, headers = {}, body, isRefused = isClientError } = attempt
  const response = await fetch(`${origin}${path}`, {
    method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  })
  // A stream that was opened never ends by itself.
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
  const text = isStream ? '' : await response.text()
  if (isStream) await response.body?.cancel()
  if (response.status === 429) throw new UsageError('Too many drills in a row: try again in 15 minutes.')
  const answered = { status: response.status, location: response.headers.get('location') ?? '', text }
  return { attempt, answered, wasAccepted: !isRefused(answered) }
}

const isClientError = ({ status }: Answered): boolean => status >= 400 && status < 500

/** Pages send away whoever is not signed in. */
export const isSentToSignIn = (answered: Answered): boolean =>
  isClientError(answered) || (answered.status === 303 && /^\/sign-in\b/.test(answered.location))

/** How many of which kind, and what came back, as lines. */
export function summarize(outcomes: readonly Outcome[]): string[] {
  const kinds = [...new Set(outcomes.map(({ attempt }) => attempt.kind))]
  return kinds.map(kind => {
    const ofKind = outcomes.filter(({ attempt }) => attempt.kind === kind)
    const statuses = new Map<number, number>()
    for (const { answered } of ofKind) {
      statuses.set(answered.status, (statuses.get(answered.status) ?? 0) + 1)
    }
    const told = [...statuses].map(([status, count]) => `${count} × ${status}`).join(', ')
    return `   ${String(ofKind.length).padStart(4)}  ${kind.padEnd(44)} ${told}`
  })
}
