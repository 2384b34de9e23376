// Asks before an app's wish signs somebody out: anybody could have led the browser here.
import type { FC } from 'hono/jsx'
import { Fill } from './fill.tsx'
import { Form } from './form.tsx'
import { Given } from './given.tsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

export interface SignOutPageProps {
  readonly csrfToken: string
  readonly action: string
  readonly hidden: Readonly<Record<string, string>>
  /** null: nobody known asks. */
  readonly clientName: string | null
  /** null: not to be told. */
  readonly email: string | null
}

export const SignOutPage: FC<SignOutPageProps> = ({ csrfToken, action, hidden, clientName, email }) => {
  const words = texts.signOut
  const account = <bdi>{email}</bdi>
  return (
    <Layout title={words.title} csrfToken={csrfToken}>
      <h1>{words.title}</h1>
      <p class="lead">
        {email === null ? (
          words.leadUnnamed
        ) : clientName === null ? (
          <Fill text={words.lead} values={{ email: account }} />
        ) : (
          <Fill
            text={words.leadOf}
            values={{
              client: (
                <strong>
                  <Given text={clientName} otherwise={texts.app} />
                </strong>
              ),
              email: account,
            }}
          />
        )}
      </p>
      <p class="hint">{words.hint}</p>
      <Form action={action} csrfToken={csrfToken} hidden={hidden}>
        <div class="after">
          <button type="submit" class="button primary">
            {words.submit}
          </button>
          <a class="button" href="/account">
            {words.stay}
          </a>
        </div>
      </Form>
    </Layout>
  )
}
