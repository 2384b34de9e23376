// The secrets of the deployment, for operators: where the replacement of each stands. Never the secrets themselves.
import * as v from 'valibot'
import { operation } from '#operation'
import { DEPLOYMENT_SECRETS } from '../../domain/deployment-secrets.ts'
import { rfc3339 } from '../../domain/time.ts'
import { keepSecrets, type SecretStanding } from '../../tokens/keep-secrets.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { Count, Time } from '../openapi/fields.ts'

export const adminSecrets = new Hono<LatchkeyEnv>()

const SecretView = v.object({
  name: v.picklist(DEPLOYMENT_SECRETS),
  id: v.string(),
  used_since: Time,
  /** While it is being replaced. */
  other: v.nullable(
    v.object({
      id: v.string(),
      role: v.picklist(['next', 'former']),
      accepted_since: Time,
      /** That only the other one opens; they are sealed anew each minute. */
      rows: Count,
      /** Before then the next step could fail somebody. */
      next_step_at: Time,
    }),
  ),
})

adminSecrets.get(
  '/admin/v1/secrets',
  operation({
    summary: 'Where the replacement of each secret of the deployment stands',
    by: 'operator',
    answers: { 200: v.object({ secrets: v.array(SecretView) }) },
  }),
  async c => {
    const { shards, config, secrets } = c.var.parts
    const deployment = { db: shards.global, accepted: config.secrets, secrets }
    const standings = await keepSecrets(deployment, c.var.facts.now)
    return c.json({ secrets: standings.map(secretView) })
  },
)

const secretView = ({ name, id, usedFrom, other, rowsUnderOther }: SecretStanding) => ({
  name,
  id,
  used_since: rfc3339(usedFrom),
  other:
    other === null
      ? null
      : {
          id: other.id,
          role: other.role,
          accepted_since: rfc3339(other.acceptedFrom),
          rows: rowsUnderOther,
          next_step_at: rfc3339(other.nextStepAt),
        },
})
