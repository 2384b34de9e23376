// What has just been ended, by name: whoever has lost a phone wants to be sure.
import type { FC } from 'hono/jsx'
import type { Device } from '../../domain/session.ts'
import { DeviceName } from '../device-text.tsx'
import { Fill } from '../fill.tsx'
import { Given } from '../given.tsx'
import { Moment } from '../moment.tsx'
import { texts } from '../texts.ts'

export interface EndedSession {
  readonly device: Device
  readonly clientName: string
  /** Seconds. */
  readonly at: number
}

interface EndedNoticeProps {
  readonly ended: EndedSession
  readonly now: number
}

export const EndedNotice: FC<EndedNoticeProps> = ({ ended, now }) => (
  <p class="notice" role="status">
    <Fill
      text={texts.account.ended}
      values={{
        device: <DeviceName device={ended.device} />,
        client: <Given text={ended.clientName} otherwise={texts.app} />,
        time: <Moment at={ended.at} now={now} />,
      }}
    />
  </p>
)
