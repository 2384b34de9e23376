// "Look in your mail": the field for the code. The script only spares a click; it never touches what is typed.
import type { FC } from 'hono/jsx'
import { Fill } from './fill.tsx'
import { Field, Form, titleOf } from './form.tsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

/** Room for a code with spaces, hyphens and a stray word around it. */
const CODE_INPUT_MAX_CHARS = 64

export interface CheckMailPageProps {
  readonly csrfToken: string
  /** A key of `texts.errors`, or a text. */
  readonly error?: string | undefined
  /** Whether the page may ask by itself if the sign-in has completed. */
  readonly script: boolean
}

export const CheckMailPage: FC<CheckMailPageProps> = ({ csrfToken, error, script }) => {
  const words = texts.checkMail
  return (
    <Layout title={titleOf(words.title, error)} csrfToken={csrfToken} scripts={script ? ['check.js'] : []}>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Form action="/sign-in/code" csrfToken={csrfToken}>
        <Field
          name="code"
          label={words.code}
          hint={words.hint}
          error={error}
          input={{
            class: 'code',
            type: 'text',
            autocomplete: 'one-time-code',
            autocapitalize: 'characters',
            autocorrect: 'off',
            spellcheck: false,
            maxlength: CODE_INPUT_MAX_CHARS,
            enterkeyhint: 'go',
          }}
        />
        <button type="submit" class="button primary">
          {words.submit}
        </button>
      </Form>
      <div class="after">
        <p>{words.or}</p>
        <a class="button" href="/sign-in/check">
          {words.proceed}
        </a>
        <p id="progress" class="hint" role="status" data-waiting={words.waiting} data-ended={words.ended} />
      </div>
      <p class="foot">
        <Fill text={words.again} values={{ start: <a href="/sign-in">{words.start}</a> }} />
      </p>
    </Layout>
  )
}
