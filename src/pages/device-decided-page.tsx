// After the decision: everything else happens on the other device.
import type { FC } from 'hono/jsx'
import { Fill } from './fill.tsx'
import { Given } from './given.tsx'
import { SignedInLayout } from './signed-in-layout.tsx'
import { texts } from './texts.ts'

export interface DeviceDecidedPageProps {
  readonly csrfToken: string
  readonly isAllowed: boolean
  readonly clientName: string
}

export const DeviceDecidedPage: FC<DeviceDecidedPageProps> = ({ csrfToken, isAllowed, clientName }) => {
  const { allowed, denied } = texts.device
  const words = isAllowed ? allowed : denied
  const client = <Given text={clientName} otherwise={texts.app} />
  return (
    <SignedInLayout title={words.title} csrfToken={csrfToken}>
      <h1>{words.title}</h1>
      <p class="lead">
        <Fill text={words.lead} values={{ client }} />
      </p>
      {isAllowed && (
        <p class="foot">
          <Fill text={allowed.account} values={{ page: <a href="/account">{allowed.page}</a> }} />
        </p>
      )}
    </SignedInLayout>
  )
}
