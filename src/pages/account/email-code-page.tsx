// The code from the new mailbox. It does not say whether a code was sent: the address may have an account.
import type { FC } from 'hono/jsx'
import { CodeField } from '../code-field.tsx'
import { Fill } from '../fill.tsx'
import { Form, titleOf } from '../form.tsx'
import { SignedInLayout } from '../signed-in-layout.tsx'
import { texts } from '../texts.ts'

export interface EmailCodePageProps {
  readonly csrfToken: string
  /** A key of `texts.errors`, or a text. */
  readonly error?: string | undefined
}

export const EmailCodePage: FC<EmailCodePageProps> = ({ csrfToken, error }) => {
  const words = texts.emailCode
  return (
    <SignedInLayout title={titleOf(words.title, error)} csrfToken={csrfToken}>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Form action="/account/email/code" csrfToken={csrfToken}>
        <CodeField error={error} />
        <button type="submit" class="button primary">
          {words.submit}
        </button>
      </Form>
      <p class="foot">
        <Fill text={words.again} values={{ start: <a href="/account/email">{words.start}</a> }} />
      </p>
    </SignedInLayout>
  )
}
