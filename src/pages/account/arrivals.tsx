// New sign-ins that nobody has spoken for, each with its two answers. The region is there when it is empty: it announces
// what a script puts into it, and a screen reader listens to none that appears with its contents.
import type { FC } from 'hono/jsx'
import { DeviceDetail, DeviceName } from '../device-text.tsx'
import { Fill } from '../fill.tsx'
import { Form } from '../form.tsx'
import { Given } from '../given.tsx'
import { DeviceIcon } from '../icons.tsx'
import { Moment } from '../moment.tsx'
import { texts } from '../texts.ts'
import type { AccountSession } from './account-session.ts'

const SHOWN_MAX = 5

interface ArrivalsProps {
  readonly csrfToken: string
  /** Oldest first. */
  readonly arrivals: readonly AccountSession[]
  readonly now: number
}

export const Arrivals: FC<ArrivalsProps> = ({ csrfToken, arrivals, now }) => {
  const words = texts.arrivals
  const more = Math.max(0, arrivals.length - SHOWN_MAX)
  return (
    <div
      id="arrivals"
      data-live="by-card"
      role="log"
      aria-live="polite"
      aria-relevant="additions"
      aria-label={words.label}
    >
      {arrivals.slice(-SHOWN_MAX).map(session => (
        <Arrival csrfToken={csrfToken} session={session} now={now} />
      ))}
      {more > 0 && (
        <p id="arrivals-more" class="hint more">
          <Fill text={words.more} values={{ count: more }} />
        </p>
      )}
    </div>
  )
}

interface ArrivalProps {
  readonly csrfToken: string
  readonly session: AccountSession
  readonly now: number
}

const Arrival: FC<ArrivalProps> = ({ csrfToken, session, now }) => {
  const words = texts.arrivals
  const values = {
    client: (
      <strong>
        <Given text={session.clientName} otherwise={texts.app} />
      </strong>
    ),
    time: <Moment at={session.createdAt} now={now} />,
  }
  return (
    <article id={`arrival-${session.id}`} class="card alone arrival">
      <DeviceIcon kind={session.device.kind} />
      <div class="facts">
        <h2>
          <Fill text={words.title} values={{ device: <DeviceName device={session.device} /> }} />
        </h2>
        <p>
          <Fill text={words.signedIn} values={values} />
        </p>
        <p>
          <DeviceDetail device={session.device} place={session.place} />
        </p>
      </div>
      <div class="answers">
        <Answer
          action="/account/sessions/recognize"
          csrfToken={csrfToken}
          session={session}
          field="recognized_id"
        >
          {words.wasMe}
        </Answer>
        <Answer
          action="/account/sessions/not-me"
          csrfToken={csrfToken}
          session={session}
          field="session_id"
          danger
        >
          {words.wasNotMe}
        </Answer>
      </div>
    </article>
  )
}

interface AnswerProps extends Omit<ArrivalProps, 'now'> {
  readonly action: string
  /** `session_id` only where the button ends that session. */
  readonly field: 'recognized_id' | 'session_id'
  readonly danger?: boolean
  readonly children?: string
}

/** Its name says which device it is about, to those who do not see what stands around it. */
const Answer: FC<AnswerProps> = ({ action, csrfToken, session, field, danger = false, children }) => (
  <Form action={action} csrfToken={csrfToken} hidden={{ [field]: session.id }}>
    <button type="submit" class={danger ? 'button danger' : 'button'}>
      {children}
      <span class="unseen">
        {' '}
        <Fill text={texts.arrivals.of} values={{ device: <DeviceName device={session.device} /> }} />
      </span>
    </button>
  </Form>
)
