// After the end of this browser's session. It says only what is certain: this browser is signed out.
import type { FC } from 'hono/jsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

export const SignedOutPage: FC = () => (
  <Layout title={texts.signedOut.title}>
    <h1>{texts.signedOut.title}</h1>
    <p class="lead">{texts.signedOut.lead}</p>
    <a class="button primary" href="/sign-in">
      {texts.signedOut.again}
    </a>
  </Layout>
)
