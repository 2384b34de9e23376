// Asks for the mail address. It never says whether an address is known.
import type { FC } from 'hono/jsx'
import { Field, Form, titleOf } from './form.tsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

const EMAIL_MAX_CHARS = 254

export interface SignInPageProps {
  readonly csrfToken: string
  /** A same-origin path, checked by the route. */
  readonly continueTo: string | null
  readonly email?: string | undefined
  /** A key of `texts.errors`, or a text. */
  readonly error?: string | undefined
}

export const SignInPage: FC<SignInPageProps> = ({ csrfToken, continueTo, email, error }) => (
  <Layout title={titleOf(texts.signIn.title, error)} csrfToken={csrfToken}>
    <h1>{texts.signIn.title}</h1>
    <p class="lead">{texts.signIn.lead}</p>
    <Form
      action="/sign-in"
      csrfToken={csrfToken}
      hidden={continueTo === null ? {} : { continue: continueTo }}
    >
      <Field
        name="email"
        label={texts.signIn.email}
        error={error}
        input={{
          type: 'email',
          value: email,
          autocomplete: 'email',
          autocapitalize: 'none',
          spellcheck: false,
          maxlength: EMAIL_MAX_CHARS,
          enterkeyhint: 'send',
        }}
      />
      <button type="submit" class="button primary">
        {texts.signIn.submit}
      </button>
    </Form>
  </Layout>
)
