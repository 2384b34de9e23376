// Asks before it ends anything, without script: a <details> that holds the form, closed again by the same button.
import type { Child, FC } from 'hono/jsx'
import { Form } from './form.tsx'

interface ConfirmProps {
  /** Unique on the page. */
  readonly id: string
  readonly action: string
  readonly csrfToken: string
  readonly hidden?: Readonly<Record<string, string>>
  readonly label: Child
  /** The rest of the label, for those who do not see what stands around it. */
  readonly labelOf?: Child
  /** Takes the label's place while the question is open. */
  readonly cancel: string
  readonly question: Child
  readonly submit: string
  /** Choices to make before. */
  readonly children?: Child
}

export const Confirm: FC<ConfirmProps> = props => (
  <details class="confirm" name="confirm">
    <summary class="button">
      <span class="when-closed">
        {props.label}
        {props.labelOf !== undefined && <span class="unseen"> {props.labelOf}</span>}
      </span>{' '}
      <span class="when-open">{props.cancel}</span>
    </summary>
    <Form action={props.action} csrfToken={props.csrfToken} hidden={props.hidden ?? {}}>
      <p id={props.id}>{props.question}</p>
      {props.children}
      <button type="submit" class="button danger" aria-describedby={props.id}>
        {props.submit}
      </button>
    </Form>
  </details>
)
