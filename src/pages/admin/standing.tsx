// How things stand: what waits to be delivered, and the keys.
import type { Child, FC } from 'hono/jsx'
import { Moment } from '../moment.tsx'
import { texts } from '../texts.ts'
import { format } from './plot.tsx'

export interface StandingProps {
  readonly mails: { readonly waiting: number; readonly oldestAt: number | null }
  /** null where the platform does not say. */
  readonly queue: { readonly messages: number; readonly oldestAt: number | null } | null
  readonly webhooks: readonly {
    readonly id: string
    readonly url: string
    readonly waiting: number
    readonly given_up: number
  }[]
  readonly keys: readonly {
    readonly kid: string
    readonly state: 'pending' | 'active' | 'retiring' | 'gone'
    readonly created_at: number
    readonly active_at: number | null
  }[]
  readonly cronAt: number | null
}

export const Standing: FC<StandingProps & { readonly now: number }> = ({
  mails,
  queue,
  webhooks,
  keys,
  now,
}) => {
  const words = texts.admin.standing
  const since = (at: number | null): Child =>
    at !== null && [` · ${words.oldest} `, <Moment at={at} now={now} />]
  return (
    <section>
      <h2>{words.title}</h2>
      <dl class="card">
        <Entry name={words.mails}>
          {mails.waiting === 0 ? words.noMails : format(mails.waiting)}
          {since(mails.oldestAt)}
        </Entry>
        <Entry name={words.queue}>
          {queue === null ? words.unknown : queue.messages === 0 ? words.noMessages : format(queue.messages)}
          {since(queue?.oldestAt ?? null)}
        </Entry>
        {webhooks.length === 0 && <Entry name={words.webhooks}>{words.noWebhooks}</Entry>}
        {webhooks.map(({ id, url, waiting, given_up }) => (
          <Entry name={`${words.webhook} ${hostOf(url)}`}>
            {format(waiting)} {words.waiting}, {format(given_up)} {words.givenUp} · <code>{id}</code>
          </Entry>
        ))}
        {keys.map(({ kid, state, created_at, active_at }) => (
          <Entry name={`${words.key} ${words.states[state]}`}>
            <Moment at={active_at ?? created_at} now={now} /> · <code>{kid}</code>
          </Entry>
        ))}
      </dl>
    </section>
  )
}

const Entry: FC<{ readonly name: string; readonly children?: Child }> = ({ name, children }) => (
  <div class="row">
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

/** Its path may be a secret of the receiver's. */
const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : '')
