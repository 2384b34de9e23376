// What an app asks for, in words, before it gets anything: who it is, where it answers or which device asks, what it may
// do and for how long.
import type { FC } from 'hono/jsx'
import type { Device, Place } from '../domain/session.ts'
import { DeviceDetail, DeviceName } from './device-text.tsx'
import { Fill } from './fill.tsx'
import { Form } from './form.tsx'
import { Given } from './given.tsx'
import { ScopeWords } from './scope-words.tsx'
import { SignedInLayout } from './signed-in-layout.tsx'
import { texts } from './texts.ts'

export interface ConsentPageProps {
  readonly csrfToken: string
  readonly action: string
  /** Sealed: the request that is decided on. */
  readonly request: string
  readonly clientName: string
  readonly about: ConsentTo
  readonly email: string
  /** A path of this origin. */
  readonly otherAccount: string
}

export type ConsentTo =
  /** Whether to go on with this account. */
  { readonly kind: 'choose' } | AppConsent | DeviceConsent

interface Asked {
  readonly scopes: readonly string[]
  /** Where it wants to use them, when that is neither here nor at its own service. */
  readonly resource: string | null
}

interface AppConsent extends Asked {
  readonly kind: 'connect'
  /** For an app that is known by an address only: whose it is. */
  readonly ownerHost: string | null
  readonly redirectUri: string
}

interface DeviceConsent extends Asked {
  readonly kind: 'device'
  /** As that device shows it. */
  readonly userCode: string
  readonly device: Device
  readonly place: Place
}

export const ConsentPage: FC<ConsentPageProps> = props => {
  const { about } = props
  const words = texts.consent[about.kind]
  const client = (
    <strong>
      <Given text={props.clientName} otherwise={texts.app} />
    </strong>
  )
  const email = <bdi>{props.email}</bdi>
  return (
    <SignedInLayout title={words.title} csrfToken={props.csrfToken}>
      <h1>{words.title}</h1>
      <p class="lead">
        <Fill text={words.lead} values={{ client, email }} />
      </p>
      {about.kind === 'connect' && about.ownerHost !== null && (
        <p class="notice">
          <Fill text={texts.consent.ownedBy} values={{ host: <strong>{about.ownerHost}</strong> }} />
        </p>
      )}
      {about.kind === 'connect' && (
        <p class="hint">
          <Fill text={texts.consent.answersAt} values={{ host: <code>{hostOf(about.redirectUri)}</code> }} />
        </p>
      )}
      {about.kind === 'device' && <AskingDevice {...about} />}
      {about.kind !== 'choose' && <Scopes {...about} />}
      <Form action={props.action} csrfToken={props.csrfToken} hidden={{ request: props.request }}>
        <div class="after">
          <button type="submit" class="button primary" name="decision" value="allow">
            {words.allow}
          </button>
          <button type="submit" class="button" name="decision" value="deny">
            {words.deny}
          </button>
        </div>
      </Form>
      <p class="foot">
        <Fill
          text={texts.consent.account}
          values={{ email, other: <a href={props.otherAccount}>{texts.consent.other}</a> }}
        />
      </p>
    </SignedInLayout>
  )
}

/** Against whoever sends a code of their own to somebody else (RFC 8628 §5.4). */
const AskingDevice: FC<DeviceConsent> = ({ device, place, userCode }) => {
  const words = texts.consent.device
  return (
    <>
      <p class="hint">
        <Fill
          text={words.askedFrom}
          values={{
            device: <DeviceName device={device} />,
            place: <DeviceDetail device={device} place={place} />,
          }}
        />
      </p>
      <p class="notice">
        <Fill text={words.caution} values={{ code: <strong>{userCode}</strong> }} />
      </p>
    </>
  )
}

const Scopes: FC<Asked> = ({ scopes, resource }) => {
  const words = texts.consent
  return (
    <>
      <h2>{words.asks}</h2>
      <ScopeWords scopes={scopes} />
      {resource !== null && (
        <p class="hint">
          <Fill text={words.usedAt} values={{ resource: <code>{resource}</code> }} />
        </p>
      )}
      <p class="hint">{words.duration}</p>
    </>
  )
}

/** Who will get the answer: a host on the web, or an app on this device. */
function hostOf(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri)
  if (protocol === 'https:') return host
  return protocol === 'http:'
    ? texts.consent.thisDevice
    : `${texts.consent.thisDevice} (${protocol.slice(0, -1)})`
}
