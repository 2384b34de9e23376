// The field for a mail address.
import type { FC } from 'hono/jsx'
import { Field } from './form.tsx'

const EMAIL_MAX_CHARS = 254

interface EmailFieldProps {
  readonly label: string
  readonly value?: string | undefined
  readonly error?: string | undefined
}

export const EmailField: FC<EmailFieldProps> = ({ label, value, error }) => (
  <Field
    name="email"
    label={label}
    error={error}
    input={{
      type: 'email',
      value,
      autocomplete: 'email',
      autocapitalize: 'none',
      spellcheck: false,
      maxlength: EMAIL_MAX_CHARS,
      enterkeyhint: 'send',
    }}
  />
)
