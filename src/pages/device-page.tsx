// Asks for the code that another device shows. A code that came with the link is filled in; a person sends it on.
import type { FC } from 'hono/jsx'
import { CodeField } from './code-field.tsx'
import { Form, titleOf } from './form.tsx'
import { SignedInLayout } from './signed-in-layout.tsx'
import { texts } from './texts.ts'

export interface DevicePageProps {
  readonly csrfToken: string
  readonly action: string
  /** As that device shows it. */
  readonly userCode?: string | undefined
  /** A key of `texts.errors`, or a text. */
  readonly error?: string | undefined
}

export const DevicePage: FC<DevicePageProps> = ({ csrfToken, action, userCode, error }) => {
  const words = texts.device
  return (
    <SignedInLayout title={titleOf(words.title, error)} csrfToken={csrfToken}>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Form action={action} csrfToken={csrfToken}>
        <CodeField name="user_code" label={words.code} error={error} value={userCode} autocomplete="off" />
        <button type="submit" class="button primary">
          {words.submit}
        </button>
      </Form>
    </SignedInLayout>
  )
}
