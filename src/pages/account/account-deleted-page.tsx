// After the end of the account; for nobody in particular, since nobody is signed in.
import type { FC } from 'hono/jsx'
import { Fill } from '../fill.tsx'
import { Layout } from '../layout.tsx'
import { counted } from '../plural.ts'
import { texts } from '../texts.ts'

/** @param days after which what is left of the log goes */
export const AccountDeletedPage: FC<{ readonly days: number }> = ({ days }) => {
  const words = texts.accountDeleted
  return (
    <Layout title={words.title}>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <p class="hint">
        <Fill text={words.rest} values={{ days: counted(texts.days, days) }} />
      </p>
      <p class="foot">{words.again}</p>
    </Layout>
  )
}
