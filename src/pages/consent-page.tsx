// What an app asks for, in words, before it gets anything: who it is, where it answers, what it may do and for how long.
import type { FC } from 'hono/jsx'
import { Fill } from './fill.tsx'
import { Form } from './form.tsx'
import { Given } from './given.tsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

export interface ConsentPageProps {
  readonly csrfToken: string
  readonly action: string
  /** Sealed: the request that is decided on. */
  readonly request: string
  readonly clientName: string
  readonly isThirdParty: boolean
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly email: string
  /** A path of this origin. */
  readonly otherAccount: string
}

export const ConsentPage: FC<ConsentPageProps> = props => {
  const words = texts.consent
  const client = (
    <strong>
      <Given text={props.clientName} otherwise={texts.app} />
    </strong>
  )
  return (
    <Layout title={props.isThirdParty ? words.title : words.chooseTitle} csrfToken={props.csrfToken}>
      <h1>{props.isThirdParty ? words.title : words.chooseTitle}</h1>
      <p class="lead">
        <Fill
          text={props.isThirdParty ? words.lead : words.chooseLead}
          values={{ client, email: <bdi>{props.email}</bdi> }}
        />
      </p>
      {props.isThirdParty && <Asked {...props} />}
      <Form action={props.action} csrfToken={props.csrfToken} hidden={{ request: props.request }}>
        <div class="after">
          <button type="submit" class="button primary" name="decision" value="allow">
            {props.isThirdParty ? words.allow : words.proceed}
          </button>
          <button type="submit" class="button" name="decision" value="deny">
            {props.isThirdParty ? words.deny : words.cancel}
          </button>
        </div>
      </Form>
      <p class="foot">
        <Fill
          text={words.account}
          values={{ email: <bdi>{props.email}</bdi>, other: <a href={props.otherAccount}>{words.other}</a> }}
        />
      </p>
    </Layout>
  )
}

const Asked: FC<Pick<ConsentPageProps, 'redirectUri' | 'scopes'>> = ({ redirectUri, scopes }) => {
  const words = texts.consent
  return (
    <>
      <p class="hint">
        <Fill text={words.answersAt} values={{ host: <code>{hostOf(redirectUri)}</code> }} />
      </p>
      <h2>{words.asks}</h2>
      <ul class="scopes">
        {scopes.map(scope => (
          <li>
            {words.scopes[scope] ?? <Fill text={words.otherScope} values={{ scope: <code>{scope}</code> }} />}
          </li>
        ))}
        {scopes.length === 0 && <li>{words.noScope}</li>}
      </ul>
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
