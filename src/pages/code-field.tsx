// The field for the typed code from a mail.
import type { FC } from 'hono/jsx'
import { Field } from './form.tsx'
import { texts } from './texts.ts'

/** Room for a code with spaces, hyphens and a stray word around it. */
const CODE_INPUT_MAX_CHARS = 64

interface CodeFieldProps {
  /** A key of `texts.errors`, or a text. */
  readonly error?: string | undefined
}

export const CodeField: FC<CodeFieldProps> = ({ error }) => (
  <Field
    name="code"
    label={texts.code.label}
    hint={texts.code.hint}
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
)
