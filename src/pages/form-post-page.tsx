// The answer to a client as a form (OAuth 2.0 Form Post Response Mode). Its script sends it; without script a button
// does. The one form that leads to another origin, and so the one without the anti-forgery token.
import type { FC } from 'hono/jsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

export interface FormPostPageProps {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

export const FormPostPage: FC<FormPostPageProps> = ({ action, fields }) => (
  <Layout title={texts.formPost.title} scripts={['form-post.js']}>
    <h1>{texts.formPost.title}</h1>
    <p class="lead">{texts.formPost.lead}</p>
    <form method="post" action={action}>
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} autocomplete="off" />
      ))}
      <button type="submit" class="button primary">
        {texts.formPost.submit}
      </button>
    </form>
  </Layout>
)
