// What a user may ask for beyond an app's own rule: it can be tightened here, never loosened.
import type { FC } from 'hono/jsx'
import { NEW_SIGN_IN_NOTICES, type Preferences } from '../../domain/preferences.ts'
import { Form } from '../form.tsx'
import { texts } from '../texts.ts'

interface PreferencesFormProps {
  readonly csrfToken: string
  readonly preferences: Preferences
}

export const PreferencesForm: FC<PreferencesFormProps> = ({ csrfToken, preferences }) => {
  const words = texts.preferences
  const switches = ['one_session_per_client', 'one_device'] as const
  const shown = [...switches.filter(name => preferences[name]), preferences.notify.new_sign_in].join(' ')
  return (
    <Form action="/account/preferences" csrfToken={csrfToken} hidden={{ shown }}>
      <div class="card choices">
        {switches.map(name => (
          <Choice type="checkbox" name={name} value="on" checked={preferences[name]} words={words[name]} />
        ))}
        <fieldset>
          <legend>{words.notices}</legend>
          {NEW_SIGN_IN_NOTICES.map(value => (
            <Choice
              type="radio"
              name="new_sign_in"
              value={value}
              checked={preferences.notify.new_sign_in === value}
              words={words.new_sign_in[value]}
            />
          ))}
        </fieldset>
        <p class="hint">{words.when}</p>
        <button type="submit" class="button primary">
          {words.submit}
        </button>
      </div>
    </Form>
  )
}

interface ChoiceProps {
  readonly type: 'checkbox' | 'radio'
  readonly name: string
  readonly value: string
  readonly checked: boolean
  readonly words: { readonly label: string; readonly hint?: string }
}

const Choice: FC<ChoiceProps> = ({ type, name, value, checked, words }) => {
  const id = `${name}-${value}`
  return (
    <div class="choice">
      <input
        type={type}
        id={id}
        name={name}
        value={value}
        checked={checked}
        autocomplete="off"
        aria-describedby={words.hint === undefined ? undefined : `${id}-hint`}
      />
      <label for={id}>{words.label}</label>
      {words.hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {words.hint}
        </p>
      )}
    </div>
  )
}
