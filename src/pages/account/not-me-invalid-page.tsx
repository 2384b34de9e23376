// A link from a notice that opens nothing any more, and what helps instead.
import type { FC } from 'hono/jsx'
import { Layout } from '../layout.tsx'
import { texts } from '../texts.ts'

interface NotMeInvalidPageProps {
  readonly why: 'expired' | 'invalid'
}

export const NotMeInvalidPage: FC<NotMeInvalidPageProps> = ({ why }) => (
  <Layout title={texts.notMeInvalid[why].title} scripts={['link.js']}>
    <h1>{texts.notMeInvalid[why].title}</h1>
    <p class="lead">{texts.notMeInvalid[why].lead}</p>
    <p class="lead">{texts.notMeInvalid.instead}</p>
    <a class="button primary" href="/account">
      {texts.notMeInvalid.list}
    </a>
  </Layout>
)
