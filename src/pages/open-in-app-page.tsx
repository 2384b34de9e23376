// The link of an app's sign-in, opened in a browser: the code goes back to the app. No form, nothing of the link.
import type { FC } from 'hono/jsx'
import { Fill } from './fill.tsx'
import { Given } from './given.tsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

export interface OpenInAppPageProps {
  readonly csrfToken: string
  readonly clientName: string
}

export const OpenInAppPage: FC<OpenInAppPageProps> = ({ csrfToken, clientName }) => (
  <Layout title={texts.openInApp.title} csrfToken={csrfToken} scripts={['link.js']}>
    <h1>{texts.openInApp.title}</h1>
    <p class="lead">
      <Fill
        text={texts.openInApp.lead}
        values={{
          client: (
            <strong>
              <Given text={clientName} otherwise={texts.app} />
            </strong>
          ),
        }}
      />
    </p>
    <ol class="steps">
      {texts.openInApp.steps.map(step => (
        <li>{step}</li>
      ))}
    </ol>
    <p class="hint">{texts.openInApp.note}</p>
  </Layout>
)
