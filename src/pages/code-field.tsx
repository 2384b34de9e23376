// The field for a typed code: from a mail, unless something else is said.
import type { FC } from 'hono/jsx'
import { Field } from './form.tsx'
import { texts } from './texts.ts'

/** Room for a code with spaces, hyphens and a stray word around it. */
const CODE_INPUT_MAX_CHARS = 64

interface CodeFieldProps {
  readonly name?: string
  readonly label?: string
  readonly value?: string | undefined
  readonly autocomplete?: 'one-time-code' | 'off'
  /** A key of `texts.errors`, or a text. */
  readonly error?: string | undefined
}

export const CodeField: FC<CodeFieldProps> = ({
  name = 'code',
  label = texts.code.label,
  value,
  autocomplete = 'one-time-code',
  error,
}) => (
  <Field
    name={name}
    label={label}
    hint={texts.code.hint}
    error={error}
    input={{
      class: 'code',
      type: 'text',
      value,
      autocomplete,
      autocapitalize: 'characters',
      autocorrect: 'off',
      spellcheck: false,
      maxlength: CODE_INPUT_MAX_CHARS,
      enterkeyhint: 'go',
    }}
  />
)
