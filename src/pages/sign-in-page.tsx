// Asks for the mail address. It never says whether an address is known.
import type { FC } from 'hono/jsx'
import { EmailField } from './email-field.tsx'
import { EndedSession, type EndedSessionProps } from './ended-session.tsx'
import { Form, titleOf } from './form.tsx'
import { Layout } from './layout.tsx'
import { Notice } from './notice.tsx'
import { texts } from './texts.ts'

export interface SignInPageProps {
  readonly csrfToken: string
  /** A same-origin path, checked by the route. */
  readonly continueTo: string | null
  readonly email?: string | undefined
  /** A key of `texts.errors`, or a text. */
  readonly error?: string | undefined
  /** A key of `texts.notices`, or a text: why to sign in. */
  readonly notice?: string | undefined
  /** Of the session that this browser had. */
  readonly ended?: EndedSessionProps | undefined
}

export const SignInPage: FC<SignInPageProps> = ({ csrfToken, continueTo, email, error, notice, ended }) => (
  <Layout title={titleOf(texts.signIn.title, error)} csrfToken={csrfToken}>
    <h1>{texts.signIn.title}</h1>
    {ended !== undefined && <EndedSession {...ended} />}
    <p class="lead">{texts.signIn.lead}</p>
    <Notice notice={notice} />
    <Form
      action="/sign-in"
      csrfToken={csrfToken}
      hidden={continueTo === null ? {} : { continue: continueTo }}
    >
      <EmailField label={texts.signIn.email} value={email} error={error} />
      <button type="submit" class="button primary">
        {texts.signIn.submit}
      </button>
    </Form>
  </Layout>
)
