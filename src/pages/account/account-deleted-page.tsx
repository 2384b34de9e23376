// After the end of the account; for nobody in particular, since nobody is signed in.
import type { FC } from 'hono/jsx'
import { Layout } from '../layout.tsx'
import { texts } from '../texts.ts'

export const AccountDeletedPage: FC = () => {
  const words = texts.accountDeleted
  return (
    <Layout title={words.title}>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <p class="hint">{words.rest}</p>
      <p class="foot">{words.again}</p>
    </Layout>
  )
}
