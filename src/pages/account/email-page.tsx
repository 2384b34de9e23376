// Asks for a new mail address. What comes next is the same whether or not somebody has it.
import type { FC } from 'hono/jsx'
import { EmailField } from '../email-field.tsx'
import { Fill } from '../fill.tsx'
import { Form, titleOf } from '../form.tsx'
import { SignedInLayout } from '../signed-in-layout.tsx'
import { texts } from '../texts.ts'

export interface EmailPageProps {
  readonly csrfToken: string
  readonly current: string
  /** A key of `texts.errors`, or a text. */
  readonly error?: string | undefined
}

export const EmailPage: FC<EmailPageProps> = ({ csrfToken, current, error }) => {
  const words = texts.email
  return (
    <SignedInLayout title={titleOf(words.title, error)} csrfToken={csrfToken}>
      <p class="eyebrow">
        <Fill text={words.current} values={{ email: <bdi>{current}</bdi> }} />
      </p>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Form action="/account/email" csrfToken={csrfToken}>
        <EmailField label={words.email} error={error} />
        <button type="submit" class="button primary">
          {words.submit}
        </button>
      </Form>
      <p class="foot">
        <a href="/account">{words.back}</a>
      </p>
    </SignedInLayout>
  )
}
