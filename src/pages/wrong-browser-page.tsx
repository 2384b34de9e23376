// A link opened where it was not asked for. The page does not know the link's token and has no form: nothing can be spent here.
import type { FC } from 'hono/jsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

export const WrongBrowserPage: FC<{ readonly csrfToken: string }> = ({ csrfToken }) => (
  <Layout title={texts.wrongBrowser.title} csrfToken={csrfToken} scripts={['link.js']}>
    <h1>{texts.wrongBrowser.title}</h1>
    <p class="lead">{texts.wrongBrowser.lead}</p>
    <ol class="steps">
      {texts.wrongBrowser.steps.map(step => (
        <li>{step}</li>
      ))}
    </ol>
    <p class="hint">{texts.wrongBrowser.note}</p>
    <p class="foot">
      <a href="/sign-in">{texts.wrongBrowser.start}</a>
    </p>
  </Layout>
)
