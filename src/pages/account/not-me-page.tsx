// Where the link of a notice leads: the sign-in that it is about, and what has come of it since, each with a button of
// its own. Opening it changes nothing, because mail scanners open links too.
import type { FC } from 'hono/jsx'
import type { Session } from '../../domain/session.ts'
import { DeviceDetail, DeviceName } from '../device-text.tsx'
import { Fill } from '../fill.tsx'
import { Form } from '../form.tsx'
import { Given } from '../given.tsx'
import { DeviceIcon } from '../icons.tsx'
import { Layout } from '../layout.tsx'
import { Moment } from '../moment.tsx'
import { texts } from '../texts.ts'

export interface Suspect {
  /** The one that the notice told of, the one that took its place, or a later one from its device. */
  readonly is: 'told' | 'inPlace' | 'later'
  readonly clientName: string
  readonly session: Pick<Session, 'id' | 'device' | 'place' | 'createdAt'>
}

export interface NotMePageProps {
  readonly csrfToken: string
  readonly token: string
  /** What is live of it, oldest first. */
  readonly suspects: readonly Suspect[]
  /** Seconds. */
  readonly now: number
}

export const NotMePage: FC<NotMePageProps> = ({ csrfToken, token, suspects, now }) => {
  const words = texts.notMe
  return (
    <Layout title={words.title} csrfToken={csrfToken} scripts={['link.js']}>
      <h1>{words.title}</h1>
      {suspects[0]?.is !== 'told' && <p class="lead">{words.over}</p>}
      {suspects.map(({ session, is, clientName }) => (
        <>
          <p class="lead" id={session.id}>
            <Fill
              text={words[is]}
              values={{
                client: (
                  <strong>
                    <Given text={clientName} otherwise={texts.app} />
                  </strong>
                ),
              }}
            />
          </p>
          <div class="card alone">
            <DeviceIcon kind={session.device.kind} />
            <div class="facts">
              <h2>
                <DeviceName device={session.device} />
              </h2>
              <p>
                <DeviceDetail device={session.device} place={session.place} />
              </p>
              <p>
                <Fill text={words.signedIn} values={{ time: <Moment at={session.createdAt} now={now} /> }} />
              </p>
            </div>
          </div>
          <Form action="/account/not-me" csrfToken={csrfToken} hidden={{ token, session_id: session.id }}>
            <button type="submit" class="button danger" aria-describedby={session.id}>
              {words.submit}
            </button>
          </Form>
        </>
      ))}
      <p class="foot">{words.caution}</p>
    </Layout>
  )
}
