// Where the link of a notice leads: the sign-in that it is about, and one button. Opening it changes nothing, because
// mail scanners open links too.
import type { FC } from 'hono/jsx'
import type { Device, Place } from '../../domain/session.ts'
import { DeviceDetail, DeviceName } from '../device-text.tsx'
import { Fill } from '../fill.tsx'
import { Form } from '../form.tsx'
import { Given } from '../given.tsx'
import { DeviceIcon } from '../icons.tsx'
import { Layout } from '../layout.tsx'
import { Moment } from '../moment.tsx'
import { texts } from '../texts.ts'

export interface NotMePageProps {
  readonly csrfToken: string
  readonly token: string
  readonly clientName: string
  readonly device: Device
  readonly place: Place
  /** Seconds, as is `now`. */
  readonly signedInAt: number
  readonly now: number
}

export const NotMePage: FC<NotMePageProps> = props => {
  const words = texts.notMe
  const client = (
    <strong>
      <Given text={props.clientName} otherwise={texts.app} />
    </strong>
  )
  return (
    <Layout title={words.title} csrfToken={props.csrfToken} scripts={['link.js']}>
      <h1>{words.title}</h1>
      <p class="lead">
        <Fill text={words.lead} values={{ client }} />
      </p>
      <div class="card alone">
        <DeviceIcon kind={props.device.kind} />
        <div class="facts">
          <h2>
            <DeviceName device={props.device} />
          </h2>
          <p>
            <DeviceDetail device={props.device} place={props.place} />
          </p>
          <p>
            <Fill text={words.signedIn} values={{ time: <Moment at={props.signedInAt} now={props.now} /> }} />
          </p>
        </div>
      </div>
      <Form action="/account/not-me" csrfToken={props.csrfToken} hidden={{ token: props.token }}>
        <button type="submit" class="button danger">
          {words.submit}
        </button>
      </Form>
      <p class="foot">{words.caution}</p>
    </Layout>
  )
}
