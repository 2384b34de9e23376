// Where the link of a mail leads, in the browser that asked for it: one form, one button. Nothing is ever sent by
// itself, because mail scanners open links and run scripts too.
import type { FC } from 'hono/jsx'
import { Fill } from './fill.tsx'
import { Form } from './form.tsx'
import { Given } from './given.tsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

export interface LinkPageProps {
  readonly csrfToken: string
  readonly token: string
  readonly clientName: string
}

export const LinkPage: FC<LinkPageProps> = ({ csrfToken, token, clientName }) => (
  <Layout title={texts.link.title} csrfToken={csrfToken} scripts={['link.js']}>
    <h1>{texts.link.title}</h1>
    <p class="lead">
      <Fill
        text={texts.link.lead}
        values={{
          client: (
            <strong>
              <Given text={clientName} otherwise={texts.app} />
            </strong>
          ),
        }}
      />
    </p>
    <Form action="/sign-in/link" csrfToken={csrfToken} hidden={{ token }}>
      <button type="submit" class="button primary">
        {texts.link.submit}
      </button>
    </Form>
    <p class="foot">{texts.link.caution}</p>
  </Layout>
)
