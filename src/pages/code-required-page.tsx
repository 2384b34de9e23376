// Where the link of a mail leads while its user asks for the code: the field for it, right there. The form names its
// sign-in, because a browser that asked for several mails can open the link of any.
import type { FC } from 'hono/jsx'
import { CodeField } from './code-field.tsx'
import { Form, titleOf } from './form.tsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

interface CodeRequiredPageProps {
  readonly csrfToken: string
  readonly signInId: string
  /** A key of `texts.errors`, or a text. */
  readonly error?: string | undefined
}

export const CodeRequiredPage: FC<CodeRequiredPageProps> = ({ csrfToken, signInId, error }) => {
  const words = texts.codeRequired
  return (
    <Layout title={titleOf(words.title, error)} csrfToken={csrfToken} scripts={['link.js']}>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Form action="/sign-in/code" csrfToken={csrfToken} hidden={{ sign_in_id: signInId }}>
        <CodeField error={error} />
        <button type="submit" class="button primary">
          {words.submit}
        </button>
      </Form>
      <p class="foot">{words.caution}</p>
    </Layout>
  )
}
