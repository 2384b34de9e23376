// Asks for the ADMIN_TOKEN, once an hour.
import type { FC } from 'hono/jsx'
import { Field, Form, titleOf } from '../form.tsx'
import { Layout } from '../layout.tsx'
import { texts } from '../texts.ts'

interface AdminSignInPageProps {
  readonly csrfToken: string
  /** A key of `texts.errors`. */
  readonly error?: string | undefined
}

export const AdminSignInPage: FC<AdminSignInPageProps> = ({ csrfToken, error }) => {
  const words = texts.admin.signIn
  return (
    <Layout title={titleOf(words.title, error)} csrfToken={csrfToken}>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Form action="/admin" csrfToken={csrfToken}>
        <Field
          name="admin_token"
          label={words.token}
          error={error}
          input={{ type: 'password', autocomplete: 'off', autocapitalize: 'none', spellcheck: false }}
        />
        <button type="submit" class="button primary">
          {words.submit}
        </button>
      </Form>
    </Layout>
  )
}
