// Plain POST forms. Every one carries the anti-forgery token; there is no other way to write a form here. Hidden
// fields are kept from the browser's memory of forms, which would bring back former tokens.
import type { Child, FC } from 'hono/jsx'
import { messageOf, texts } from './texts.ts'

interface FormProps {
  readonly action: string
  readonly csrfToken: string
  readonly hidden?: Readonly<Record<string, string>>
  readonly children?: Child
}

export const Form: FC<FormProps> = ({ action, csrfToken, hidden = {}, children }) => (
  <form method="post" action={action}>
    <input type="hidden" name="csrf_token" value={csrfToken} autocomplete="off" />
    {Object.entries(hidden).map(([name, value]) => (
      <input type="hidden" name={name} value={value} autocomplete="off" />
    ))}
    {children}
  </form>
)

interface FieldProps {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly error?: string | undefined
  readonly input: Readonly<Record<string, string | number | boolean | undefined>>
}

/** A labelled input with its hint and its error, both of which describe it. */
export const Field: FC<FieldProps> = ({ name, label, hint, error, input }) => {
  const hintId = hint === undefined ? [] : [`${name}-hint`]
  const errorId = error === undefined ? [] : [`${name}-error`]
  const describedBy = [...errorId, ...hintId].join(' ') || undefined
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {hint !== undefined && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p class="error" id={`${name}-error`} role="alert">
          <bdi>{messageOf(texts.errors, error)}</bdi>
        </p>
      )}
      <input
        id={name}
        name={name}
        required
        aria-invalid={error === undefined ? undefined : 'true'}
        aria-describedby={describedBy}
        {...input}
      />
    </div>
  )
}

/** The page's title, marked when the form came back with an error: it is the first thing that is read out. */
export const titleOf = (title: string, error: string | undefined): string =>
  error === undefined ? title : `${texts.errorPrefix}${title}`
