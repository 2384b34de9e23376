// A link that signs nobody in any more, and the way to a new one.
import type { FC } from 'hono/jsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

export interface LinkEndedPageProps {
  readonly csrfToken: string
  readonly why: 'used' | 'expired' | 'invalid'
}

export const LinkEndedPage: FC<LinkEndedPageProps> = ({ csrfToken, why }) => (
  <Layout title={texts.linkEnded[why].title} csrfToken={csrfToken} scripts={['link.js']}>
    <h1>{texts.linkEnded[why].title}</h1>
    <p class="lead">{texts.linkEnded[why].lead}</p>
    <a class="button primary" href="/sign-in">
      {texts.linkEnded.start}
    </a>
  </Layout>
)
