// Asks before the account is deleted: what will happen, in numbers, and the address typed, so that no slip does it.
import type { FC } from 'hono/jsx'
import { Fill } from '../fill.tsx'
import { Field, Form, titleOf } from '../form.tsx'
import { counted } from '../plural.ts'
import { SignedInLayout } from '../signed-in-layout.tsx'
import { texts } from '../texts.ts'

export interface DeletePageProps {
  readonly csrfToken: string
  readonly email: string
  /** Live ones, this one among them. */
  readonly sessions: number
  readonly apps: number
  /** A key of `texts.errors`, or a text. */
  readonly error?: string | undefined
}

export const DeletePage: FC<DeletePageProps> = ({ csrfToken, email, sessions, apps, error }) => {
  const words = texts.deleteAccount
  const effects = [
    counted(words.sessions, sessions),
    ...(apps === 0 ? [] : [counted(words.apps, apps)]),
    words.data,
  ]
  return (
    <SignedInLayout title={titleOf(words.title, error)} csrfToken={csrfToken}>
      <p class="eyebrow">
        <Fill text={words.current} values={{ email: <bdi>{email}</bdi> }} />
      </p>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <ul class="steps">
        {effects.map(effect => (
          <li>{effect}</li>
        ))}
      </ul>
      <p class="hint">
        <Fill text={words.before} values={{ download: <DownloadLink /> }} />
      </p>
      <Form action="/account/delete" csrfToken={csrfToken}>
        <Field
          name="email"
          label={words.email}
          hint={words.emailHint}
          error={error}
          input={{
            type: 'email',
            // Filled in by the browser it would confirm nothing.
            autocomplete: 'off',
            autocapitalize: 'none',
            spellcheck: false,
          }}
        />
        <div class="after">
          <button type="submit" class="button danger">
            {words.submit}
          </button>
          <a class="button" href="/account">
            {words.keep}
          </a>
        </div>
      </Form>
    </SignedInLayout>
  )
}

const DownloadLink: FC = () => (
  <a href="/account/data.json" download>
    {texts.deleteAccount.download}
  </a>
)
