// After the end of the account; for nobody in particular, since nobody is signed in.
import type { FC } from 'hono/jsx'
import type { Retention } from '../../domain/retention.ts'
import { Fill } from '../fill.tsx'
import { Layout } from '../layout.tsx'
import { texts } from '../texts.ts'
import { daysOf } from './your-data.tsx'

export const AccountDeletedPage: FC<{ readonly retention: Retention }> = ({ retention }) => {
  const words = texts.accountDeleted
  return (
    <Layout title={words.title}>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <p class="hint">
        <Fill text={words.rest} values={daysOf(retention)} />
      </p>
      <p class="foot">{words.again}</p>
    </Layout>
  )
}
