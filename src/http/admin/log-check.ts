// Whether somebody has rewritten a user's log.
import * as v from 'valibot'
import { operation } from '#operation'
import { DAY_SECONDS } from '../../domain/limits.ts'
import { loadChain } from '../../tokens/chain-keys.ts'
import { checkLog } from '../../user/check-log.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { Count, NullableText } from '../openapi/fields.ts'
import { requireUser } from './require-user.ts'

export const adminLogCheck = new Hono<LatchkeyEnv>()

const LogCheckView = v.pipe(
  v.object({
    intact: v.boolean(),
    entries: Count,
    chained_from: v.nullable(Count),
    first_broken_seq: v.nullable(Count),
    head: v.nullable(v.object({ seq: Count, digest: NullableText })),
  }),
  v.title('LogCheck'),
)

adminLogCheck.get(
  '/admin/v1/users/:id/log-check',
  operation({
    summary: 'Whether a user’s log is what was written',
    by: 'operator',
    answers: { 200: LogCheckView },
    refusals: [404],
  }),
  async c => {
    const { id } = await requireUser(c)
    const { parts, facts } = c.var
    const { shards, secrets, config } = parts
    const detailsSince = facts.now - config.retention.logDetailsDays * DAY_SECONDS
    const chain = await loadChain(shards.global, secrets, config.secrets.DIGEST_SECRET)
    const check = await checkLog(shards.of(id), chain, id, detailsSince)
    // A deletion takes the details out of the log that is being read.
    if (check.firstBroken !== null) await requireUser(c)
    return c.json({
      // What is before the chain is proven by nothing.
      intact: check.firstBroken === null && check.chainedFrom === 1,
      entries: check.entries,
      chained_from: check.chainedFrom,
      first_broken_seq: check.firstBroken,
      head: check.head,
    })
  },
)
