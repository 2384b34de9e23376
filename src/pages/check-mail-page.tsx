// "Look in your mail": the field for the code. The script only spares a click; it never touches what is typed.
import type { FC } from 'hono/jsx'
import { CodeField } from './code-field.tsx'
import { Fill } from './fill.tsx'
import { Form, titleOf } from './form.tsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

export interface CheckMailPageProps {
  readonly csrfToken: string
  /** A key of `texts.errors`, or a text. */
  readonly error?: string | undefined
  /** Whether the sign-in is over: there is nothing to wait for. */
  readonly ended: boolean
}

export const CheckMailPage: FC<CheckMailPageProps> = ({ csrfToken, error, ended }) => {
  const words = texts.checkMail
  return (
    <Layout title={titleOf(words.title, error)} csrfToken={csrfToken} scripts={ended ? [] : ['check.js']}>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Form action="/sign-in/code" csrfToken={csrfToken}>
        <CodeField error={error} />
        <button type="submit" class="button primary">
          {words.submit}
        </button>
      </Form>
      <div class="after">
        <p>{words.or}</p>
        <a class="button" href="/sign-in/check">
          {words.proceed}
        </a>
        <p id="progress" class="hint" role="status" data-waiting={words.waiting} data-ended={words.ended}>
          {ended ? words.ended : ''}
        </p>
      </div>
      <p class="foot">
        <Fill text={words.again} values={{ start: <a href="/sign-in">{words.start}</a> }} />
      </p>
    </Layout>
  )
}
