// The whole of the user's log, a page at a time.
import type { FC } from 'hono/jsx'
import { SignedInLayout } from '../signed-in-layout.tsx'
import { texts } from '../texts.ts'
import { LogEntries, type LogEntry } from './log-entries.tsx'

export interface LogPageProps {
  readonly csrfToken: string
  readonly entries: readonly LogEntry[]
  /** Where the next page begins; null on the last. */
  readonly olderThan: number | null
  readonly isNewest: boolean
  /** Seconds. */
  readonly now: number
}

export const LogPage: FC<LogPageProps> = ({ csrfToken, entries, olderThan, isNewest, now }) => {
  const words = texts.log
  return (
    <SignedInLayout title={words.title} csrfToken={csrfToken} wide>
      <p class="eyebrow">
        <a href="/account">{words.back}</a>
      </p>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      {entries.length === 0 ? <p class="hint">{words.empty}</p> : <LogEntries entries={entries} now={now} />}
      <nav class="pager" aria-label={words.pages}>
        {!isNewest && (
          <a class="button" href="/account/log">
            {words.newest}
          </a>
        )}
        {olderThan !== null && (
          <a class="button" href={`/account/log?before=${olderThan}`}>
            {words.older}
          </a>
        )}
      </nav>
    </SignedInLayout>
  )
}
